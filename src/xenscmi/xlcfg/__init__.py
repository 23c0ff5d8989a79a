"""The xl.cfg language: text to settings, accepting exactly what libxlu accepts. It knows no option by name."""

from xenscmi.xlcfg.parser import parse
from xenscmi.xlcfg.reader import Reader
from xenscmi.xlcfg.values import ListValue, Setting, Settings, StringValue, Value

__all__ = ["ListValue", "Reader", "Setting", "Settings", "StringValue", "Value", "parse"]
