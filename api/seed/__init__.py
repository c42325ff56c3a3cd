"""What a demonstration starts with."""
