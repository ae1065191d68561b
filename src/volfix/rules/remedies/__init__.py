"""What the rules' fixes are made of, and every doubt that makes a fix unsafe."""
