"""The whole study of a cohort as stages, each a command of npc: `npc reproduce`."""
