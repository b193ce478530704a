"""Training of the tagger: ``python -m training --data folder --work folder --out folder`` makes its weights.

This package is not part of the wheel. Install what it needs with ``pip install --editable '.[train]'``.
"""
