"""The recipe language: reading, checking and composing YAML recipes of format version 1."""
