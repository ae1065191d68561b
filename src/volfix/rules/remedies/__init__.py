"""What the fixes of rules are made of, and every doubt that keeps a fix from being safe."""
