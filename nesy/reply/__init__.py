"""Reply: a draft by templates or a model, read again by an independent reader, and governed."""
