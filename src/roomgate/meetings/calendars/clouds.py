"""Microsoft's clouds: where one signs in, and where Graph is.

As learn.microsoft.com/graph/deployments has them; China's sign-in as Entra's own documentation does.
"""

from collections.abc import Mapping

CLOUDS: Mapping[str, tuple[str, str]] = {
    "global": ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "us-gov": ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "us-dod": ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    "china": ("https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
}
