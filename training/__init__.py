"""How the tagger's weights come about: ``python -m training --data folder --out folder``."""
