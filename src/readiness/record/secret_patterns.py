"""What secrets look like: the tables that the search for them is built from.

Prefixes and lengths are those that each vendor documents for its own keys, or that its keys are seen to have;
the minimum is kept a little under the documented length, so that a key cut short in a log is still found.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

ALNUM: Final = "A-Za-z0-9"
HEX: Final = "0-9a-f"
WORD: Final = "A-Za-z0-9_-"
DOTTED: Final = "A-Za-z0-9_.-"
BASE64: Final = "A-Za-z0-9+/=_.-"

UNBROKEN: Final = (ALNUM, HEX)
"""Alphabets without a separator: a run of them right after a prefix hardly ever happens in ordinary text."""

TOKENS: Final = (
    ("adafruit", "aio_", 24, ALNUM),
    ("age", "AGE-SECRET-KEY-", 40, ALNUM),
    ("anthropic", "sk-ant-", 20, WORD),
    ("aws", "AKIA ASIA ABIA ACCA", 16, ALNUM),
    ("aws-bedrock", "ABSK", 100, BASE64),
    ("bitbucket", "ATBB", 28, ALNUM),
    ("buildkite", "bkua_", 32, ALNUM),
    ("cerebras", "csk-", 32, ALNUM),
    ("circleci", "CCIPAT_", 32, WORD),
    ("cloudflare", "v1.0-", 100, WORD),
    ("digitalocean", "dop_v1_ doo_v1_ dor_v1_", 60, HEX),
    ("docker", "dckr_pat_ dckr_oat_", 24, WORD),
    ("doppler", "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", 36, DOTTED),
    ("dynatrace", "dt0c01.", 60, DOTTED),
    ("figma", "figd_", 36, WORD),
    ("fly", "fo1_ fm1r_ fm2_", 40, BASE64),
    ("github", "ghp_ gho_ ghu_ ghs_ ghr_", 30, ALNUM),
    ("github", "github_pat_", 40, WORD),
    ("gitlab", "glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glimt- glagent- gloas-", 18, DOTTED),
    ("google-oauth", "GOCSPX-", 24, WORD),
    ("google-oauth", "ya29.", 40, WORD),
    ("grafana", "glc_", 32, BASE64),
    ("grafana", "glsa_", 32, ALNUM),
    ("groq", "gsk_", 40, ALNUM),
    ("heroku", "HRKU-", 36, WORD),
    ("huggingface", "hf_ api_org_", 30, ALNUM),
    ("langfuse", "sk-lf-", 30, WORD),
    ("langsmith", "lsv2_pt_ lsv2_sk_", 32, HEX),
    ("linear", "lin_api_ lin_oauth_", 32, ALNUM),
    ("netlify", "nfp_", 32, ALNUM),
    ("mailgun", "key-", 32, HEX),
    ("newrelic", "NRAK-", 24, ALNUM),
    ("notion", "ntn_ secret_", 40, ALNUM),
    ("npm", "npm_", 32, ALNUM),
    ("nvidia", "nvapi-", 40, WORD),
    ("openai", "sk-", 20, WORD),
    ("openrouter", "sk-or-", 20, WORD),
    ("perplexity", "pplx-", 32, ALNUM),
    ("pinecone", "pcsk_", 40, WORD),
    ("planetscale", "pscale_tkn_ pscale_pw_ pscale_oauth_", 30, DOTTED),
    ("postman", "PMAK-", 40, WORD),
    ("prefect", "pnu_ pnb_", 32, ALNUM),
    ("pulumi", "pul-", 40, HEX),
    ("pypi", "pypi-", 50, WORD),
    ("readme", "rdme_", 60, HEX),
    ("replicate", "r8_", 32, ALNUM),
    ("rubygems", "rubygems_", 40, HEX),
    ("sendgrid", "SG.", 40, DOTTED),
    ("sentry", "sntrys_", 40, BASE64),
    ("sentry", "sntryu_", 60, HEX),
    ("shopify", "shpat_ shpca_ shppa_ shpss_", 30, ALNUM),
    ("slack", "xoxa- xoxb- xoxc- xoxd- xoxe- xoxe. xoxo- xoxp- xoxr- xoxs- xapp-", 20, DOTTED),
    ("square", "sq0atp- sq0csp-", 20, WORD),
    ("stripe", "sk_live_ rk_live_ sk_test_ rk_test_", 16, ALNUM),
    ("stripe", "whsec_", 28, BASE64),
    ("supabase", "sbp_", 36, HEX),
    ("supabase", "sb_secret_", 24, WORD),
    ("tailscale", "tskey-", 20, WORD),
    ("tavily", "tvly-", 28, WORD),
    ("terraform", "atlasv1.", 50, WORD),
    ("together", "tgp_v1_", 36, WORD),
    ("twilio", "SK", 32, HEX),
    ("vault", "hvs. hvb. hvr.", 24, WORD),
    ("xai", "xai-", 60, ALNUM),
)
"""Keys known by their prefix: kind, prefixes, least number of characters after the prefix, their alphabet.

A prefix counts only where no letter or digit stands before it; if hexadecimal digits follow it, which digests
have too, no `-` or `_` either. Prefix and rest are replaced.
"""

ANCHORED: Final = (
    ("A", "atlassian", "ATATT3x ATCTT3x", rb"(?<![A-Za-z0-9]A)(T[AC]TT3x[\w+/=.-]{60,}+)"),
    ("A", "telegram", ":AA", rb"(?<=[0-9]{8}:AA)([\w-]{30,}+)"),
    (".", "airtable", "pat", rb"(?<=pat[A-Za-z0-9]{14}\.)([0-9a-f]{60,}+)"),
    (
        ".",
        "discord",
        "MD MT Mj Mz ND NT Nj Nz OD OT",
        rb"(?=[\w-]{6}\.[\w-]{27})(?<=[MNO][DTjz][\w-]{22}\.)([\w-]{6}\.[\w-]{27,}+)",
    ),
    (
        "-",
        "flag",
        "-pass -token -secret -api",
        rb"-(?<![\w-]--)(?=[a-z])(?:[a-z]{1,16}-){0,3}?(?:passwd|password|passphrase|secret|token|api-?key)"
        rb"[ ]+([^\s\"'-][^\s\"']{5,}+)",
    ),
)
"""Secrets known by what surrounds a byte at which prefixes end too: that byte, the kind, literals of which one
is present, and the expression for what follows the byte. What group 1 matched is replaced."""

SHAPES: Final = (
    ("azure", ("~", "Q~"), rb"Q~(?<=[\w.~-]{3}[0-9]Q~)([\w.~-]{31,}+)"),
    ("basic", ("B", "Basic "), rb"Basic ((?=[A-Za-z]{0,80}[0-9+/=])[A-Za-z0-9+/]{12,}+={0,2})"),
    ("bearer", ("B", "Bearer "), rb"Bearer ((?=[A-Za-z._~+/=-]{0,80}[0-9])[\w.~+/=-]{12,}+)"),
    ("databricks", ("dapi",), rb"(dapi(?<![A-Za-z0-9]dapi)[0-9a-f]{32,}+)"),
    (
        "discord slack",
        ("hooks",),
        rb"hooks(?:/(?<=/api/webhooks/)[0-9]{10,20}/([\w-]{50,}+)"
        rb"|\.slack\.com/(?:services|workflows|triggers)/([\w/-]{20,}+))",
    ),
    ("google", ("z", "AIza"), rb"(AIza(?<![A-Za-z0-9]AIza)[\w-]{33,}+)"),
    (
        "jwt",
        ("J", "eyJ"),
        rb"(eyJ(?<![\w-]eyJ)[\w-]{8,}+\.(?:eyJ[\w-]{8,}+|[\w-]*+\.[\w-]{8,}+)(?:\.[\w-]*+){0,3})",
    ),
    ("grafana", ("J", "eyJrIjoi"), rb"(eyJrIjoi(?<![\w-]eyJrIjoi)[A-Za-z0-9+/]{60,}+={0,2})"),
    (
        "private-key",
        ("PRIVATE KEY",),
        rb"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----"
        rb"(?=(?:[^-]|-(?!----)){0,400}?[A-Za-z0-9+/]{24})"
        rb"([^-]*+(?:-(?!----)[^-]*+)*+(?=-----END )|(?:(?:\s|\\[nr]){1,8}[A-Za-z0-9+/]{16,}+={0,2})++"
        rb"(?:\s{1,8}[A-Za-z0-9+/]*+\Z)?)",
    ),
    (
        "url url",
        ("@", "://"),
        rb"://(?:[^\s/@:\"'<>\[]{0,256}+:([^\s/@\"'<>]{1,512}+)@"
        rb"|((?=[A-Za-z_-]{0,32}[0-9])[\w-]{16,512}+)(?::x-oauth-basic)?@)",
    ),
)
"""Secrets known by their shape: a kind for each group, literals that must all be present, and the expression. What
a group matched is replaced."""

STRONG_NAMES: Final = (
    rb"passw(?:or)?d|passphrase|(?<![a-z])pwd|(?<=_)pass|secret(?:[_ -]?key)?|x-[a-z-]{0,32}(?:key|token)"
    rb"|(?:account|shared[_ -]?access|private)[_ -]?key"
)
"""Names whose value is a secret unless it is plainly code or a placeholder."""

WEAK_NAMES: Final = (
    rb"token|credentials?|(?<=[?&])sig|(?-i:[A-Z]_KEY)"
    rb"|(?:api|access|app|auth|client|deploy|encryption|hmac|master|service|session|signing|subscription)[_ -]?key"
)
"""Names whose value is a secret when it also looks random: `token: 512` and `token=None` are not."""

NAME_ENDINGS: Final = ("ord", "swd", "pwd", "ass", "ret", "key", "ken", "ial", "als", "sig", "kie")
LONG_NAME_ENDINGS: Final = ("phrase", "zation")
"""The last letters of every name above, and of `cookie` and `authorization`."""

SCHEMES: Final = rb"bearer|basic|token|apikey|key|bot|ssws|splunk|negotiate"
"""Schemes of an Authorization header that one word follows."""
SCHEMES_WITH_FIELDS: Final = rb"digest|aws4-hmac-sha256|hawk|oauth|signature|mac"

PLACEHOLDER: Final = (
    rb"(?i:none|null|nil|true|false|yes|no|str|string|bytes|int|any|undefined|unset|empty|required|missing|invalid"
    rb"|example|redacted|hidden|filtered|masked|password|passwd|secret|\*+|x+|\.+|-+)"
    rb"|\[redacted:.*|<.*|\$[A-Z{(].*|\{.*|%[(s].*|\*{3}.*"
)
"""What stands where a secret would, and is none."""
