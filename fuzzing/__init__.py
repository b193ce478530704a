"""Feeds what a stranger could send to whatever reads it, made at random from a seed, and checks what comes out.

Not installed. ``make fuzz`` runs it; ``targets`` says what is fed to what, and what must hold.
"""
