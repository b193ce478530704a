"""Files that claimwire writes, whole or not at all."""
