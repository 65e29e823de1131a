"""Tiny real runs that prove what held-out patients can't change, and what pure noise gives: `npc prove`."""
