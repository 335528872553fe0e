"""Pictures of every page in every state; run as a module."""
