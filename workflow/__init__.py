"""Say how a case moves: steps, services, rules and the one door that runs them."""
