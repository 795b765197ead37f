"""What .thermos and .aurora files are written with, and what evaluates them."""
