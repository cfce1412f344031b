"""The words by which mail systems say that they return a mail, and by which they say that an address does not exist."""

import re

_SENDERS = re.compile(
    r"(?:mailer[-_.]?daemon|post[-_]?master|mail[-_.]?daemon|mdaemon|bounces?|mmdf|mailadmin|mail[-_]?delivery|administrator"
    r"|microsoftexchange[0-9a-f]*|hotmail_\w+|smtp|[\w-]+-admin)[^@]{0,64}@",
    re.IGNORECASE,
)
_SUBJECTS = re.compile(
    r"undeliver|non[- ]?(?:remis|deliver)|not (?:be )?deliver"
    r"|deliver[a-z]* (?:status|fail|error|problem|delay|report|has fail)"
    r"|returned (?:mail|to sender)|return(?:ed)?:? "
    r"|failure (?:notice|delivery)|fail(?:ed|ure)?:? (?:mail|deliver|notice)"
    r"|mail(?: system)? (?:error|fail|deliver)|could not (?:be )?(?:deliver|send)"
    r"|unzustellbar|nicht (?:zugestellt|zustellbar)"
    r"|(?:user|recipient|address|mailbox|host) (?:is )?(?:unknown|not found|full)"
    r"|quota|bounce|warning: could not|delayed mail"
    r"|mailadm|nondeliverable|error (?:sending|in)|message status|no se puede entregar|onbestelbaar|配[信送]|不達|rejected"
    r"|are not member|loop alert",
    re.IGNORECASE,
)
_TEXTS = re.compile(
    r"could not be delivered|was not delivered|undeliverable"
    r"|delivery (?:has )?failed|returned to sender|following address(?:es)? failed"
    r"|unable to deliver|error message below|mail system at host|permanent fatal errors|配信できません|送信できません|お届け",
    re.IGNORECASE,
)
_GONE = re.compile(
    r"user (?:is )?(?:unknown|not (?:found|known|exist))"
    r"|unknown[ :](?:user|recipient|address|local[- ]part|mailbox|account|or illegal)"
    r"|no such (?:user|recipient|mailbox|person|address|account|local|email|domain|host)"
    r"|no (?:valid )?(?:recipients?|mailbox|account)\b"
    r"|(?:user|mailbox|account|address|recipient|domain|host|member)[^.\n]{0,60}?"
    r"(?:does ?n[o']t (?:have|exist)|not exist|no longer|not found|unknown|invalid|is n[o']t (?:known|listed|valid)|not a valid)"
    r"|invalid (?:recipient|mailbox|user|address|final)"
    r"|not (?:a|our) (?:valid|known|customer|local)|bad (?:destination|address)"
    r"|unrouteable (?:address|mail domain)"
    r"|recipient (?:address )?(?:rejected|unknown|not)|not listed in|has moved|moved to"
    r"|(?:host|domain) (?:name )?(?:unknown|not found|lookup failed)"
    r"|host or domain name|nxdomain|name service error|no mx"
    r"|does(?:n't| not) like recipient|address (?:unknown|rejected|error)"
    r"|isn't in a list|user_unknown|badrcpt|userunknown"
    r"|recipnotfound|resolver\.adr|can(?:'t|not) be found"
    r"|couldn't be found|wasn't found|was(?:n't| not) found|unknown user",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"quota|(?:mailbox|inbox|account|folder)[^.\n]{0,30}full|is full"
    r"|over ?(?:size|disk)|too (?:large|big|many|fast)|exceed|spam|virus"
    r"|blocked|blacklist|blocklist|policy|dmarc|\bspf\b|dkim|authenticat"
    r"|reputation|relay|sender (?:address|rejected|denied)|suspend"
    r"|inactive|expired|time(?:d)? ?out|deferred|delayed|temporar"
    r"|greylist|refused|storage|\bloop|hop count|content filter"
    r"|disabled|access denied|not authori[sz]ed|retry timeout|reverse|unsolicited",
    re.IGNORECASE,
)


def is_return_sender(email: str) -> bool:
    """Whether mail systems return mails in this name."""
    return bool(_SENDERS.match(email))


def is_return_subject(subject: str) -> bool:
    """Whether a subject is of a returned mail."""
    return bool(_SUBJECTS.search(subject))


def is_return_text(text: str) -> bool:
    """Whether a text is of a returned mail."""
    return bool(_TEXTS.search(text))


def is_gone(words: str, *, unless_said: bool) -> bool:
    """Whether words say that an address does not exist. Where something else is said first, that is the reason.

    With `unless_said`, saying nothing is no reason; without, it is.
    """
    gone, otherwise = _GONE.search(words), _OTHERWISE.search(words)
    if gone is None:
        return not unless_said and otherwise is None
    return otherwise is None or gone.start() <= otherwise.start()
