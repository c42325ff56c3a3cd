"""What a new installation begins with: the register of limits, the calendar, people and a list to try out."""
