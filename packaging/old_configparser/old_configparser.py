"""What Python 3.12 removed from `configparser`, and pyradiomics' setup.py (versioneer) still asks for.

Only the environment in which pyradiomics is built has it; `old_configparser.pth` imports it when Python starts.
"""

import configparser

if not hasattr(configparser, "SafeConfigParser"):
    configparser.SafeConfigParser = configparser.ConfigParser
    configparser.ConfigParser.readfp = configparser.ConfigParser.read_file
