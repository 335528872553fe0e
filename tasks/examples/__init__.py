"""Examples that every checkout carries: small parents that show one thing each."""
