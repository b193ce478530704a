"""The edges of claimwire: one module for each outside system, each with its Beam transforms."""
