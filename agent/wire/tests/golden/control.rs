//! Front and agent.

use airhatch_wire::Selection;
use airhatch_wire::control::{
    AccountView, AuthorityState, AuthorityView, Beyond, Budget, Command, ContactPolicy, ContactView,
    Direction, Event, FromAgent, ItemView, Jail, JailStrength, Limits, LogLevel, Passphrase, PastTransfer,
    Phase, Policy, Presence, ReceiptFindings, Reply, Request, TransferState, TransferView, Trust, Verdict,
};
use airhatch_wire::peer::ItemKind;

use crate::Golden;
use crate::peer::part;
use crate::values::{AT, FINGERPRINT, STAGE, TRANSFER, address, ann, blob, failure};

every!(Command {
    Enroll,
    Pause,
    Resume,
    Retry,
    Unlock,
    Lock,
    ChangePassphrase,
    Status,
    Watch,
    Contacts,
    AddContact,
    RemoveContact,
    TrustNewKey,
    MarkVerified,
    Ping,
    SetPolicy,
    SetContactPolicy,
    SetLimits,
    Transfers,
    Items,
    Send,
    Accept,
    Deny,
    Cancel,
    Forget,
    History,
    ExportReceipt,
    CheckReceipt,
    RemoveAccount,
});
every!(Reply {
    Done,
    Account,
    Contact,
    Contacts,
    Transfer,
    Transfers,
    Items,
    History,
    ReceiptFile,
    Receipt,
    Pong
});
every!(Event {
    AccountChanged,
    ContactChanged,
    ContactRemoved,
    TransferChanged,
    Progress,
    TransferForgotten,
    Logged,
});
every!(FromAgent { Answer, Event });
every!(LogLevel { Info, Warn, Error });
every!(Phase { New, Locked, Ready, Removed });
every!(JailStrength { None, Partial, Whole });
every!(Policy { Ask, Never, Verified });
every!(ContactPolicy { Account, Ask, Never, Auto });
every!(Verdict { AcceptedByRule, DeniedByRule, AcceptedByPolicy, DeniedByPolicy, Beyond });
every!(Beyond { FileSize, Day, FileType, Over, NotVerified });
every!(Trust { Certified, Verified, Changed, Revoked });
every!(Presence { Unknown, Online, Offline });
every!(Direction { Outgoing, Incoming });
every!(TransferState {
    Queued,
    Offered,
    Accepted,
    Moving,
    Finishing,
    Delivered,
    Denied,
    Cancelled,
    Expired,
    Failed,
    NoRoom,
    Paused,
    Waiting,
});

fn passphrase(text: &str) -> Passphrase {
    Passphrase::from(text.to_owned())
}

pub(crate) fn commands() -> Vec<Command> {
    let (email, transfer) = (ann(), TRANSFER);
    vec![
        Command::Enroll {
            email: ann(),
            authority: address(),
            authority_fingerprint: FINGERPRINT,
            code: Some("code".into()),
            passphrase: passphrase("secret"),
        },
        Command::Unlock { passphrase: passphrase("secret") },
        Command::Lock,
        Command::ChangePassphrase { old: passphrase("old"), new: passphrase("new") },
        Command::Status,
        Command::Watch { attending: true },
        Command::Contacts { after: Some(ann()) },
        Command::AddContact { email: email.clone() },
        Command::RemoveContact { email: email.clone() },
        Command::TrustNewKey { email: email.clone(), fingerprint: FINGERPRINT },
        Command::MarkVerified { email: email.clone(), fingerprint: FINGERPRINT, verified: true },
        Command::Ping { email },
        Command::SetPolicy { policy: Policy::Never },
        Command::SetContactPolicy { email: ann(), policy: ContactPolicy::Auto(budget()) },
        Command::SetLimits { limits: limits() },
        Command::Transfers { after: Some(transfer) },
        Command::Items { transfer, from: 256 },
        Command::Send { to: ann(), stage: STAGE, note: "note".into(), lifetime: Some(60) },
        Command::Accept { transfer, items: Selection::All, folder: None },
        Command::Accept { transfer, items: part(), folder: Some("photos/2026".parse().unwrap()) },
        Command::Deny { transfer, reason: "no".into() },
        Command::Cancel { transfer, reason: "stop".into() },
        Command::Pause { transfer },
        Command::Resume { transfer },
        Command::Retry { transfer },
        Command::Forget { transfer },
        Command::History { with: Some(ann()), after: Some(transfer) },
        Command::ExportReceipt { transfer },
        Command::CheckReceipt { file: blob(), authority: Some(FINGERPRINT) },
        Command::RemoveAccount { passphrase: passphrase("secret") },
    ]
}

fn budget() -> Budget {
    let endings = vec!["pdf".parse().unwrap(), "jpg".parse().unwrap()];
    Budget { per_file: 10_000_000, per_day: 1 << 33, endings, until: Some(AT) }
}

fn limits() -> Limits {
    Limits { bytes_per_day: Some(1 << 40), upload: Some(1 << 20), ..Limits::default() }
}

fn account() -> AccountView {
    AccountView {
        phase: Phase::Ready,
        email: Some(ann()),
        fingerprint: Some(FINGERPRINT),
        authority: Some(AuthorityView {
            address: address(),
            fingerprint: FINGERPRINT,
            state: AuthorityState::Fine,
        }),
        certificate_until: Some(AT),
        addresses: vec![address()],
        policy: Policy::Verified { max_bytes: 1 << 30 },
        limits: limits(),
        fronts: 2,
        version: "0.1.0".into(),
        jail: Jail { strength: JailStrength::Partial, sentences: vec!["old kernel".into()] },
    }
}

fn contact() -> ContactView {
    let presence = Presence::Online { seen: AT, micros: 1500 };
    ContactView {
        email: ann(),
        fingerprint: FINGERPRINT,
        trust: Trust::Verified,
        presence,
        added: AT,
        policy: ContactPolicy::Auto(budget()),
        by_rule_today: 3_000_000,
    }
}

fn item() -> ItemView {
    let (path, landed_as) = ("a.txt".into(), Some("a (2).txt".into()));
    ItemView { path, kind: ItemKind::File, size: 7, executable: true, wanted: true, landed_as }
}

fn transfer() -> TransferView {
    TransferView {
        id: TRANSFER,
        direction: Direction::Incoming,
        contact: ann(),
        note: "note".into(),
        items: vec![item()],
        item_count: 1,
        wanted: 1,
        total: 7,
        moved: 3,
        state: TransferState::Moving,
        created: AT,
        expires: AT.plus(1000),
        destination: "inbox".into(),
        free_space: Some(1 << 40),
        stage: Some(STAGE),
        verdict: Some(Verdict::AcceptedByRule { today: 3, per_day: 10 }),
    }
}

fn past() -> PastTransfer {
    PastTransfer {
        id: TRANSFER,
        direction: Direction::Outgoing,
        contact: ann(),
        note: "note".into(),
        items: vec![item()],
        item_count: 1,
        total: 7,
        outcome: TransferState::Delivered { at: AT },
        created: AT,
        ended: AT.plus(1000),
        receipt: true,
        verdict: None,
    }
}

fn findings() -> ReceiptFindings {
    ReceiptFindings {
        transfer: TRANSFER,
        sender: ann(),
        recipient: ann(),
        recipient_key: FINGERPRINT,
        authority: FINGERPRINT,
        compared: true,
        note: "note".into(),
        items: vec![item()],
        item_count: 1,
        total: 7,
        created: AT,
        received: AT.plus(1000),
        faults: vec!["the signature does not match".into()],
    }
}

fn replies() -> Vec<Reply> {
    vec![
        Reply::Done,
        Reply::Account(Box::new(account())),
        Reply::Contact(Box::new(contact())),
        Reply::Contacts(vec![contact()]),
        Reply::Transfer(Box::new(transfer())),
        Reply::Transfers(vec![transfer()]),
        Reply::Items(vec![item()]),
        Reply::History(vec![past()]),
        Reply::ReceiptFile(blob()),
        Reply::Receipt(Box::new(findings())),
        Reply::Pong { micros: 1500 },
    ]
}

fn events() -> Vec<Event> {
    vec![
        Event::AccountChanged(Box::new(account())),
        Event::ContactChanged(Box::new(contact())),
        Event::ContactRemoved(ann()),
        Event::TransferChanged(Box::new(transfer())),
        Event::Progress { transfer: TRANSFER, moved: 1 << 33 },
        Event::TransferForgotten(TRANSFER),
        Event::Logged { at: AT, level: LogLevel::Warn, text: "line".into() },
    ]
}

fn states() -> Vec<TransferState> {
    vec![
        TransferState::Queued,
        TransferState::Offered,
        TransferState::Accepted,
        TransferState::Moving,
        TransferState::Finishing,
        TransferState::Delivered { at: AT },
        TransferState::Denied { reason: "no".into() },
        TransferState::Cancelled { by_us: true, reason: "stop".into() },
        TransferState::Expired,
        TransferState::Failed(failure()),
        TransferState::NoRoom,
        TransferState::Paused { by_us: true, by_them: false },
        TransferState::Waiting,
    ]
}

fn verdicts() -> Vec<Verdict> {
    vec![
        Verdict::AcceptedByRule { today: 3, per_day: 10 },
        Verdict::DeniedByRule,
        Verdict::AcceptedByPolicy { max_bytes: 1 << 30 },
        Verdict::DeniedByPolicy,
        Verdict::Beyond(Beyond::FileType),
    ]
}

fn beyonds() -> Vec<Beyond> {
    vec![
        Beyond::FileSize { per_file: 10 },
        Beyond::Day { today: 3, per_day: 10 },
        Beyond::FileType,
        Beyond::Over,
        Beyond::NotVerified,
    ]
}

pub(crate) fn lines(golden: &mut Golden) {
    golden.one("control::Request", &Request { id: 300, command: Command::Status });
    golden.every("control::Command", &commands());
    let refused = FromAgent::Answer { id: 1, outcome: Err(failure()) };
    let done = FromAgent::Answer { id: 1, outcome: Ok(Reply::Done) };
    golden.every("control::FromAgent", &[done, refused, FromAgent::Event(Event::ContactRemoved(ann()))]);
    golden.every("control::Reply", &replies());
    golden.every("control::Event", &events());
    golden.every("control::LogLevel", &[LogLevel::Info, LogLevel::Warn, LogLevel::Error]);
    golden.every("control::Phase", &[Phase::New, Phase::Locked, Phase::Ready, Phase::Removed]);
    golden.every("control::JailStrength", &[JailStrength::None, JailStrength::Partial, JailStrength::Whole]);
    golden.every("control::Policy", &[Policy::Ask, Policy::Never, Policy::Verified { max_bytes: 1 << 30 }]);
    let auto = ContactPolicy::Auto(budget());
    golden.every(
        "control::ContactPolicy",
        &[ContactPolicy::Account, ContactPolicy::Ask, ContactPolicy::Never, auto],
    );
    golden.every("control::Verdict", &verdicts());
    golden.every("control::Beyond", &beyonds());
    let changed = Trust::Changed { fingerprint: FINGERPRINT, noticed: AT };
    golden.every("control::Trust", &[Trust::Certified, Trust::Verified, changed, Trust::Revoked]);
    let (online, offline) = (Presence::Online { seen: AT, micros: 1 }, Presence::Offline { seen: Some(AT) });
    golden.every("control::Presence", &[Presence::Unknown, online, offline]);
    golden.every("control::Direction", &[Direction::Outgoing, Direction::Incoming]);
    golden.every("control::TransferState", &states());
}
