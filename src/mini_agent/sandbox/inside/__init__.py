"""What runs in the launcher's own fresh process, between the service and the code: standard library only.

Nothing here may import dataclasses, enum, typing or json: the launcher starts for every call of a tool.
"""
