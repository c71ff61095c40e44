//! Words of the screens and bars.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use airhatch_wire::control::{AuthorityState, AuthorityView, JailStrength};
use airhatch_wire::untrusted::escape;

use crate::model::{Model, Screen, Transfers};

/// A screen's name.
pub(crate) const fn screen(screen: Screen) -> &'static str {
    match screen {
        Screen::Transfers => "Transfers",
        Screen::Contacts => "Contacts",
        Screen::History => "History",
        Screen::Log => "Log",
        Screen::Settings => "Settings",
    }
}

/// What an empty list says: what it is, and the next key.
pub(crate) struct Empty {
    /// What is not there.
    pub(crate) title: &'static str,
    /// What it would be.
    pub(crate) body: &'static str,
    /// The next key and what it does.
    pub(crate) keys: &'static [(&'static str, &'static str)],
}

/// No transfers, but somebody to send to.
pub(crate) const NO_TRANSFERS: Empty = Empty {
    title: "Nothing moves, nothing waits",
    body: "Offer files to a contact, or drop files on this window. What others offer you is listed here too.",
    keys: &[("s", "send files"), ("2", "contacts")],
};

/// No transfers and nobody to send to.
pub(crate) const NOBODY: Empty = Empty {
    title: "Nobody to send to yet",
    body: "Add a contact by email. Your CA vouches that the email and the key belong together.",
    keys: &[("c", "add a contact")],
};

/// No contacts.
pub(crate) const NO_CONTACTS: Empty = Empty {
    title: "No contacts yet",
    body: "A contact is somebody with an account at your CA. You need their email; they need yours to send to you.",
    keys: &[("c", "add a contact")],
};

/// Nothing fits to what was typed.
pub(crate) const NOTHING_FITS: Empty = Empty {
    title: "Nothing here fits",
    body: "No row of this list has all the words that were typed.",
    keys: &[("Esc", "show everything"), ("/", "type something else")],
};

/// Nothing over.
pub(crate) const NO_HISTORY: Empty = Empty {
    title: "Nothing has ended yet",
    body: "Every transfer ends here: delivered, denied, cancelled, expired or failed, with the reason.",
    keys: &[("1", "transfers")],
};

/// Nothing logged.
pub(crate) const NO_LOG: Empty = Empty {
    title: "Nothing to tell yet",
    body: "What the agent and this program do is told here, line by line.",
    keys: &[("1", "transfers")],
};

/// No accounts.
pub(crate) const NO_ACCOUNTS: Empty = Empty {
    title: "No account on this machine",
    body: "An account is an email at a CA, with keys that never leave your agent.",
    keys: &[("n", "make an account"), ("q", "quit")],
};

/// While the agent tells what there is.
pub(crate) const LOADING: &str = "Asking the agent";
/// While the warden starts.
pub(crate) const STARTING: &str = "Starting";
/// Above the list of accounts.
pub(crate) const WHICH_ACCOUNT: &str = "Which account?";
/// An account's agent runs.
pub(crate) const RUNNING: &str = "agent runs";
/// It does not.
pub(crate) const STOPPED: &str = "logged out";
/// The page about an agent that went away.
pub(crate) const AGENT_GONE: &str = "The agent went away";
/// Why that matters.
pub(crate) const AGENT_GONE_WHY: &str =
    "Nothing is sent or received without it. What was under way goes on after the next login.";
/// The page about a warden that went away.
pub(crate) const WARDEN_GONE: &str = "The warden went away";
/// Why that matters.
pub(crate) const WARDEN_GONE_WHY: &str =
    "It starts agents and makes files ready for sending. Start Airhatch again.";
/// On a terminal that is too small.
pub(crate) const TOO_SMALL: &str = "too small";

/// Offers that wait, in the header.
pub(crate) fn offers_waiting(offers: usize) -> String {
    format!("{} waiting", super::count(offers, "offer", "offers"))
}

/// Headings of the details below a list, and of the settings.
pub(crate) mod label {
    pub(crate) const FROM: &str = "From";
    pub(crate) const TO: &str = "To";
    pub(crate) const NOTE: &str = "Note";
    pub(crate) const STATE: &str = "State";
    pub(crate) const DONE: &str = "Done";
    pub(crate) const TURN: &str = "Turn";
    pub(crate) const LOOK_OUT: &str = "Look out";
    pub(crate) const SPEED: &str = "Speed";
    pub(crate) const FILE: &str = "File";
    pub(crate) const FOLDER: &str = "Folder";
    pub(crate) const SPACE: &str = "Free space";
    pub(crate) const EXPIRES: &str = "Expires";
    pub(crate) const ID: &str = "Id";
    pub(crate) const ADVICE: &str = "What to do";
    pub(crate) const TRUST: &str = "Trust";
    pub(crate) const PRESENCE: &str = "Presence";
    pub(crate) const FINGERPRINT: &str = "Fingerprint";
    pub(crate) const ADDED: &str = "Added";
    pub(crate) const ACCOUNT: &str = "Account";
    pub(crate) const AUTHORITY: &str = "CA";
    pub(crate) const AUTHORITY_KEY: &str = "CA key";
    pub(crate) const CERTIFICATE: &str = "Certificate";
    pub(crate) const ISOLATION: &str = "Isolation";
    pub(crate) const AGENT: &str = "Agent";
    pub(crate) const JAILS: &str = "Jails";
    pub(crate) const THIS_PROGRAM: &str = "This program";
    pub(crate) const AGENTS_JAIL: &str = "Agent's jail";
    pub(crate) const ADDRESSES: &str = "Listens at";
    pub(crate) const INBOX: &str = "Received in";
    pub(crate) const LIMITS: &str = "Limits";
    pub(crate) const RULE: &str = "Rule";
    pub(crate) const BY_ITSELF: &str = "By itself";
    pub(crate) const WHILE_AWAY: &str = "While away";
}

/// Column headings.
pub(crate) mod heading {
    pub(crate) const CONTACT: &str = "Contact";
    pub(crate) const WHAT: &str = "What";
    pub(crate) const SIZE: &str = "Size";
    pub(crate) const STATE: &str = "State";
    pub(crate) const RATE: &str = "Rate";
    pub(crate) const LEFT: &str = "Left";
    pub(crate) const PRESENCE: &str = "Presence";
    pub(crate) const TRUST: &str = "Trust";
    pub(crate) const FINGERPRINT: &str = "Fingerprint";
    pub(crate) const WHEN: &str = "When";
    pub(crate) const ACCOUNT: &str = "Account";
    pub(crate) const ISOLATION: &str = "Isolation";
    pub(crate) const AGENT: &str = "Agent";
    pub(crate) const TIME: &str = "Time";
    pub(crate) const FROM: &str = "From";
}

/// Both jails of an account's programs, in one line.
pub(crate) fn jails(program: JailStrength, agent: JailStrength) -> String {
    format!("this program: {}; the agent: {}", super::jail(program), super::jail(agent))
}

/// What is typed to filter a list.
pub(crate) fn filter(typed: &str) -> String {
    format!("/{typed}")
}

/// A list that shows a part of its rows.
pub(crate) fn filtered(typed: &str) -> String {
    format!("/{typed}  Esc shows everything")
}

/// In the status bar, before there is an account: what this program is not.
pub(crate) const ISOLATED: &str = "this screen has no keys and no network";
/// Left on the terminal while this program is stopped and whatever started it is not.
pub(crate) const WAITED_FOR: &str = "stopped; Ctrl-Z again leads back to the shell";
/// The agent is logged in.
pub(crate) const AGENT_READY: &str = "agent ok";
/// The CA answered the last time.
pub(crate) const CA_THERE: &str = "CA ok";
/// It did not.
pub(crate) const CA_GONE: &str = "CA unreachable";
/// It answered, and refused; the settings (screen 5) say why.
pub(crate) const CA_REFUSES: &str = "CA refuses, see 5";
/// It was not asked yet.
pub(crate) const CA_UNKNOWN: &str = "CA not asked yet";

/// Which size a terminal must have.
pub(crate) fn needed((columns, rows): (u16, u16)) -> String {
    format!("needs {columns}x{rows}")
}

/// A log line of the agent.
pub(crate) const FROM_AGENT: &str = "agent";
/// A log line of this program.
pub(crate) const FROM_HERE: &str = "screen";

/// How grave a log line is.
pub(crate) const fn level(level: airhatch_wire::control::LogLevel) -> &'static str {
    match level {
        airhatch_wire::control::LogLevel::Info => "Information",
        airhatch_wire::control::LogLevel::Warn => "Warning",
        airhatch_wire::control::LogLevel::Error => "Error",
    }
}

/// Above the actions of the settings.
pub(crate) const WHAT_YOU_CAN_DO: &str = "What you can do";

/// The certificate's end.
pub(crate) fn certified_until(until: &str) -> String {
    format!("good until {until}; renewed by the agent before that")
}

/// The CA in one line.
pub(crate) fn authority(authority: &AuthorityView) -> String {
    let state = match &authority.state {
        AuthorityState::Fine => "reachable".to_owned(),
        AuthorityState::Unreachable => "unreachable".to_owned(),
        AuthorityState::Unasked => "not asked yet".to_owned(),
        AuthorityState::Refused(why) => format!("refuses: {}", why.in_one_line()),
    };
    format!("{}, {state}", authority.address)
}

/// The agent in one line.
pub(crate) fn agent(account: &airhatch_wire::control::AccountView) -> String {
    let fronts = usize::try_from(account.fronts).unwrap_or(usize::MAX);
    let version = escape(&account.version);
    format!(
        "version {version}, {}, {} attached",
        super::phase(account.phase),
        super::count(fronts, "front", "fronts")
    )
}

/// The window's title: what waits for a person, how far everything is that moves, and which program this is.
pub(crate) fn window_title(model: &Model) -> String {
    let transfers = model.session.as_ref().map(|session| &session.transfers);
    let offers = transfers.map_or(0, |transfers| transfers.offers().len());
    let waiting = (offers > 0).then(|| format!("{offers} waiting"));
    let share = transfers.and_then(Transfers::share).map(|share| format!("{share} %"));
    let parts = [waiting, share, Some(super::NAME.to_owned())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" - ")
}

/// Where received files go, as the warden knows it: the agent has another name for the folder.
pub(crate) fn inbox(model: &Model) -> String {
    let Some(session) = &model.session else { return String::new() };
    let path = Path::new(OsStr::from_bytes(&session.record.inbox));
    let home = model.setting.home.as_deref();
    let short = home.and_then(|home| path.strip_prefix(home).ok()).map(|rest| Path::new("~").join(rest));
    escape(&short.as_deref().unwrap_or(path).to_string_lossy())
}

/// A folder in the inbox, or the inbox itself.
pub(crate) fn inbox_folder(model: &Model, folder: Option<&airhatch_wire::InboxFolder>) -> String {
    let inbox = inbox(model);
    folder.map_or(inbox.clone(), |folder| format!("{inbox}/{}", escape(folder.as_str())))
}
