//! People and transfers for rehearsals.

use airhatch_wire::control::{
    AccountView, AuthorityState, AuthorityView, ContactPolicy, ContactView, Direction, ItemView, Jail,
    JailStrength, Limits, Phase, Policy, Presence, TransferState, TransferView, Trust,
};
use airhatch_wire::peer::ItemKind;
use airhatch_wire::warden::{AccountRecord, RuntimeKind};
use airhatch_wire::{Blob, Code, Email, Failure, Fingerprint, StageId, TransferId, UnixMillis, Untrusted};

/// When rehearsals begin: a Tuesday, 22:13.
pub(crate) const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

/// One minute, milliseconds.
pub(crate) const MINUTE: u64 = 60_000;

/// A jail with nothing missing.
pub(crate) fn jailed() -> Jail {
    Jail { strength: JailStrength::Whole, sentences: vec!["no other programs".into()] }
}

/// A jail on a kernel that lacks a part.
pub(crate) fn partly_jailed() -> Jail {
    let sentences = ["no other programs", "files are not restricted: this kernel has no Landlock"];
    Jail { strength: JailStrength::Partial, sentences: sentences.map(Into::into).to_vec() }
}

/// An email.
pub(crate) fn email(text: &str) -> Email {
    text.parse().unwrap()
}

/// A fingerprint that differs for each number.
pub(crate) fn fingerprint(number: u8) -> Fingerprint {
    Fingerprint(std::array::from_fn(|i| number.wrapping_mul(31).wrapping_add(u8::try_from(i).unwrap() * 7)))
}

/// What the warden says about an account.
pub(crate) fn record(account: &str, running: bool) -> AccountRecord {
    let inbox = format!("/home/you/Downloads/Airhatch/{account}");
    let inbox = Blob::from(inbox.into_bytes());
    let drop = Blob::from(format!("/home/you/.local/share/airhatch/accounts/{account}/drop").into_bytes());
    AccountRecord { account: email(account), runtime: RuntimeKind::Process, running, inbox, drop }
}

/// What the agent says about `you@example.org`.
pub(crate) fn account(phase: Phase) -> AccountView {
    let ready = phase == Phase::Ready;
    AccountView {
        phase,
        email: Some(email("you@example.org")),
        fingerprint: ready.then(|| fingerprint(1)),
        authority: ready.then(|| AuthorityView {
            address: "ca.example.org:7400".parse().unwrap(),
            fingerprint: fingerprint(9),
            state: AuthorityState::Fine,
        }),
        certificate_until: ready.then(|| NOW.plus(30 * 24 * 60 * MINUTE)),
        addresses: vec!["192.0.2.7:7410".parse().unwrap()],
        policy: Policy::Ask,
        limits: Limits::default(),
        fronts: 1,
        version: "0.1.0".to_owned(),
        jail: jailed(),
    }
}

/// A contact.
pub(crate) fn contact(name: &str, trust: Trust, presence: Presence) -> ContactView {
    let number = name.bytes().fold(0_u8, u8::wrapping_add);
    let added = UnixMillis(NOW.0 - 3 * 24 * 60 * MINUTE);
    ContactView {
        email: email(name),
        fingerprint: fingerprint(number),
        trust,
        presence,
        added,
        policy: ContactPolicy::Account,
        by_rule_today: 0,
    }
}

/// It answered a minute ago.
pub(crate) fn online() -> Presence {
    Presence::Online { seen: UnixMillis(NOW.0 - MINUTE), micros: 1_834 }
}

/// It did not answer, but did two days ago.
pub(crate) fn offline() -> Presence {
    Presence::Offline { seen: Some(UnixMillis(NOW.0 - 2 * 24 * 60 * MINUTE)) }
}

/// A friend who is there and a colleague who is not.
pub(crate) fn two_contacts() -> Vec<ContactView> {
    vec![
        contact("ann@example.org", Trust::Verified, online()),
        contact("bob@example.org", Trust::Certified, offline()),
    ]
}

/// A contact whose key is another one now.
pub(crate) fn changed_contact() -> ContactView {
    let trust = Trust::Changed { fingerprint: fingerprint(77), noticed: NOW };
    contact("carol@example.org", trust, online())
}

/// A transfer of one file of 4.2 MB, offered so many minutes ago.
pub(crate) fn transfer(number: u8, direction: Direction, state: TransferState) -> TransferView {
    let created = UnixMillis(NOW.0 - u64::from(number) * MINUTE);
    let incoming = direction == Direction::Incoming;
    let total = 4_200_000;
    TransferView {
        id: TransferId([number; 16]),
        direction,
        contact: email("ann@example.org"),
        note: Untrusted::default(),
        items: vec![item("report.pdf", total)],
        item_count: 1,
        wanted: 1,
        total,
        moved: if state == TransferState::Moving { 2_650_000 } else { 0 },
        state,
        created,
        expires: created.plus(24 * 60 * MINUTE),
        destination: if incoming {
            "/home/you/Downloads/Airhatch/you@example.org".into()
        } else {
            String::new()
        },
        free_space: incoming.then_some(52_000_000_000),
        stage: (!incoming).then_some(StageId([number; 16])),
        verdict: None,
    }
}

/// An offer of three files with a note.
pub(crate) fn offer(number: u8) -> TransferView {
    let items = vec![
        item("notes.txt", 812),
        item("photos/lake.jpg", 3_400_000),
        item("photos/報告書.png", 1_250_000),
    ];
    TransferView {
        note: "An evening by the sea".into(),
        item_count: 3,
        wanted: 3,
        total: items.iter().map(|item| item.size).sum(),
        items,
        ..transfer(number, Direction::Incoming, TransferState::Offered)
    }
}

/// A file.
pub(crate) fn item(path: &str, size: u64) -> ItemView {
    let (path, kind) = (path.into(), ItemKind::File);
    ItemView { path, kind, size, executable: false, wanted: true, landed_as: None }
}

/// A folder.
pub(crate) fn folder(path: &str) -> ItemView {
    ItemView { kind: ItemKind::Folder, ..item(path, 0) }
}

/// Something that went wrong.
pub(crate) fn failure(code: Code) -> Failure {
    Failure::new(code, "what happened, told by the agent").hint("do this about it")
}

/// Every kind of state, the newest first.
pub(crate) fn many_transfers() -> Vec<TransferView> {
    use Direction::{Incoming, Outgoing};
    let at = UnixMillis(NOW.0 - 30 * MINUTE);
    let states = [
        (Incoming, TransferState::Offered),
        (Outgoing, TransferState::Moving),
        (Incoming, TransferState::Moving),
        (Outgoing, TransferState::Queued),
        (Outgoing, TransferState::Offered),
        (Incoming, TransferState::Accepted),
        (Incoming, TransferState::Finishing),
        (Outgoing, TransferState::Delivered { at }),
        (Incoming, TransferState::Delivered { at }),
        (Outgoing, TransferState::Denied { reason: "not now".into() }),
        (Outgoing, TransferState::Cancelled { by_us: true, reason: Untrusted::default() }),
        (Incoming, TransferState::Expired),
        (Outgoing, TransferState::Failed(failure(Code::PeerOffline))),
    ];
    let numbered = (1..).zip(states);
    numbered.map(|(number, (direction, state))| transfer(number, direction, state)).collect()
}

/// Names that try to harm the screen.
pub(crate) const HOSTILE: [&str; 6] = [
    "\u{1b}[2J\u{1b}]52;c;aGk=\u{7}evil.sh",
    "invoice\u{202e}fdp.exe",
    "a\u{200b}b\r\nc\u{9b}31m",
    "報告書の最終版の最終版の最終版の最終版の最終版の最終版.pdf",
    "👩\u{200d}👩\u{200d}👧 e\u{301}\u{301}\u{301} ملف نهائي.txt",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.exe",
];
