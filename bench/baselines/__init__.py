"""What one would have otherwise, written as one would write it."""
