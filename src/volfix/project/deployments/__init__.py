"""Which flows (the commands of one job, script or target) deploy which stack, and under which project name."""
