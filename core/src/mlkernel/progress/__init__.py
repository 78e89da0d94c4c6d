"""How far a run is, shown to people: live bars on a terminal, plain lines elsewhere."""
