"""How the tagger's weights come about: ``python -m pipelines.extract.tagger.training --data folder --out folder``."""
