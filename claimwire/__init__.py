"""Turns news feeds and topics into who said what."""
