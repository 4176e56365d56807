"""The same ten-odd shipped rules in other tools' languages, and what each takes for them."""
