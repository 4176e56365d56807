"""The language server: what ``nesy check`` knows, in an editor while rules are written."""
