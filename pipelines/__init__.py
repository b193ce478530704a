"""What happens to an article between the edges."""
