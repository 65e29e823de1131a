"""npc: can pretreatment MRI tell which patients will develop distant metastasis?"""

__version__ = "0.1.0"
