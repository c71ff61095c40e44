//! Everything that can happen to an account, and everything it can decide to do about it.

use std::sync::Arc;

use airhatch_wire::control::{AuthorityState, Command, Event, Limits, LogLevel, Passphrase, Reply};
use airhatch_wire::peer::Item;
use airhatch_wire::signed::Signed;
use airhatch_wire::{
    Address, Blob, Email, Failure, Fingerprint, Selection, StageId, TransferId, UnixMillis, Untrusted, peer,
};

use super::history::{Held, Proof};
use super::record::{Pin, Record, RecordName};
use super::taking::{Numbered, Taking};

/// One attached front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrontId(pub u64);

/// One connection that a contact opened to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// A front's request that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Who asked.
    pub front: FrontId,
    /// The front's number for it.
    pub id: u32,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A front connected.
    FrontAttached(FrontId),
    /// A front is gone.
    FrontLeft(FrontId),
    /// A front asks.
    Asked(Ask, Command),
    /// The vault was opened, or made after a registration.
    Opened(Option<Ask>, Result<Box<Opened>, Failure>),
    /// Something that only the asking front has to know about.
    Finished(Ask, Result<Reply, Failure>),
    /// The account was removed at the CA and wiped here, or not.
    Removed(Ask, Result<(), Failure>),
    /// The CA answered a look-up of [`Output::Lookup`].
    LookedUp(Ask, Email, Result<Pin, Failure>),
    /// A [`Output::Ping`] came to its end.
    Pinged(Ask, Email, Result<u64, Failure>),
    /// An offer was made ready to be sent.
    Drafted(Ask, Result<Box<Draft>, Failure>),
    /// A contact answered our presence question after so many microseconds, or the connection is gone.
    Sighted(Email, Option<u64>),
    /// A contact told where it is to be found now.
    Located(Email, Signed),
    /// Somebody with a certificate of our CA showed these keys.
    KeysSeen(Pin),
    /// A peer connected and proved these keys.
    Arrived(SessionId, Pin),
    /// A contact pinged us.
    PingSeen(Email),
    /// A contact says that its decision about our offer is ready.
    Woken(Email, TransferId),
    /// A contact calls off a transfer outside of its own connection.
    CalledOff(Email, TransferId, Untrusted<String>),
    /// A contact has paused a transfer to us.
    PausedBy(Email, TransferId),
    /// A line of the agent's log that fronts should see.
    Logged(LogLevel, String),
    /// A contact offers something; its form and signature are checked.
    Offered(SessionId, Box<ArrivedOffer>),
    /// Progress of an incoming transfer.
    Incoming(SessionId, TransferId, IncomingReport),
    /// A peer's connection is over.
    SessionEnded(SessionId),
    /// Progress of an outgoing transfer.
    Outgoing(TransferId, OutgoingReport),
    /// The outcome of the last conversation with the CA.
    AuthorityAsked(AuthorityState),
    /// Where we listen and said so.
    Listening(Vec<Address>),
    /// Our certificate was renewed; it lasts until then.
    Renewed(UnixMillis),
    /// The CA's list of revoked certificates, checked.
    Revocations(u64, Arc<[[u8; 16]]>),
    /// The agent was told to end.
    Leaving,
    /// Time passed: the moment asked for with [`super::Hub::next_wake`].
    Time,
}

/// An account as it comes out of the vault and the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// Whose.
    pub email: Email,
    /// SHA-256 of the identity key.
    pub fingerprint: Fingerprint,
    /// The CA.
    pub authority: Address,
    /// SHA-256 of the CA's certificate.
    pub authority_fingerprint: Fingerprint,
    /// The end of our certificate's time.
    pub certificate_until: UnixMillis,
    /// Everything that was stored.
    pub records: Vec<Record>,
}

/// An offer ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The statement.
    pub offer: peer::Offer,
    /// The statement, signed.
    pub signed: Signed,
    /// The table it binds.
    pub items: Arc<[Item]>,
    /// Where the files lie.
    pub stage: StageId,
}

/// An offer that arrived, with everything checked that needs no memory.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrivedOffer {
    /// The statement.
    pub offer: peer::Offer,
    /// The statement, signed.
    pub signed: Signed,
    /// The table it binds.
    pub items: Arc<[Item]>,
    /// Bytes free where the files would go.
    pub free_space: Option<u64>,
}

/// How an incoming transfer goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum IncomingReport {
    /// It begins, or goes on, with so many bytes of content here already.
    Begun(u64),
    /// So many bytes of content are here.
    Moved(u64),
    /// All bytes are here and bound by this completion (SHA-256); they are being checked and put in place.
    Landing([u8; 32]),
    /// The files are in place.
    Landed {
        /// SHA-256 of the sender's completion.
        completion: [u8; 32],
        /// The items whose names were taken.
        numbers: Vec<Numbered>,
    },
    /// The connection broke; the sender will come again.
    Broken,
    /// The disk is full; the sender will come again and again until there is room.
    NoRoom,
    /// It cannot go on.
    Failed(Failure),
    /// The sender called it off.
    Cancelled(Untrusted<String>),
}

/// How an outgoing transfer goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum OutgoingReport {
    /// The contact could not be reached; it is tried again. It has so many bytes of content on its disk.
    Unreachable(u64),
    /// The recipient has the offer.
    Recorded,
    /// The recipient accepts, but others come first there.
    Waiting,
    /// The recipient accepts these items, and has so many bytes of their content already.
    Accepted(Selection, u64),
    /// The recipient has paused it; it is asked again now and then.
    Paused,
    /// The recipient has no room; it is tried again.
    NoRoom(u64),
    /// So many bytes of content have left.
    Moved(u64),
    /// All bytes have left.
    Sent,
    /// The recipient says no.
    Denied(Untrusted<String>),
    /// The recipient called it off.
    Cancelled(Untrusted<String>),
    /// The recipient's signed receipt, checked, and when the files were in place.
    Delivered(Box<Proof>, UnixMillis),
    /// It cannot go on.
    Failed(Failure),
    /// The recipient has heard that it was called off.
    Told,
}

/// A contact as tasks need it for dialling.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The keys that must answer.
    pub pin: Pin,
    /// Where it was last.
    pub announcement: Option<Signed>,
}

/// An offer on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Which transfer.
    pub transfer: TransferId,
    /// The signed offer.
    pub offer: Signed,
    /// Its table.
    pub items: Arc<[Item]>,
    /// Where the files lie.
    pub stage: StageId,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Remember this; durable before any later output is carried out.
    Put(Box<Record>),
    /// Forget this.
    Remove(RecordName),
    /// Answer a front.
    Answer(Ask, Result<Reply, Failure>),
    /// Tell one front.
    Tell(FrontId, Event),
    /// Make an account.
    Enroll {
        /// Who waits.
        ask: Ask,
        /// The new account.
        email: Email,
        /// Its CA.
        authority: Address,
        /// The CA's fingerprint as the person compared it.
        authority_fingerprint: Fingerprint,
        /// An invitation.
        code: Option<String>,
        /// For the vault.
        passphrase: Passphrase,
    },
    /// Open the vault.
    Unlock(Ask, Passphrase),
    /// Write a receipt file.
    ExportReceipt(Ask, Box<Held>),
    /// Check a receipt file, perhaps against another CA than this account's.
    CheckReceipt(Ask, Blob, Option<Fingerprint>),
    /// Write the vault anew.
    ChangePassphrase(Ask, Passphrase, Passphrase),
    /// Remove the account at the CA, then here.
    RemoveAccount(Ask, Passphrase),
    /// Log out and end the agent, then answer.
    Leave(Option<Ask>),
    /// Ask the CA for an email's certificate and check it.
    Lookup(Ask, Email),
    /// Connect to a contact once.
    Ping(Ask, Target),
    /// Keep asking a contact whether it is there.
    WatchPresence(Target),
    /// Stop asking.
    UnwatchPresence(Email),
    /// Ask at once instead of when it is due.
    AskPresence(Email),
    /// Make an offer from a staging folder.
    Draft {
        /// Who waits.
        ask: Ask,
        /// The recipient.
        to: Email,
        /// The folder under `outbox`.
        stage: StageId,
        /// A line to go with it.
        note: String,
        /// The end of the offer.
        expires: UnixMillis,
    },
    /// Bring an offer to its recipient, and the bytes when accepted; goes on until it is over or stopped.
    Deliver(Box<Delivery>, Target),
    /// It is the turn of a delivery whose recipient asks for the bytes.
    BeginDelivery(TransferId),
    /// Bytes move this fast from here on.
    SetPaces(Limits),
    /// Try now instead of later.
    HurryDelivery(TransferId),
    /// Stop a delivery; with a reason, the recipient is told.
    StopDelivery(TransferId, Option<Untrusted<String>>),
    /// Stop a delivery and tell the recipient that it is paused.
    PauseDelivery(TransferId),
    /// Dial a contact for this one word.
    Say(Target, Box<peer::PeerWord>),
    /// Dial a contact to say that a transfer of ours is off, and report when it has heard it.
    Recall(Target, TransferId, Untrusted<String>),
    /// What a peer's connection shall do.
    Order(SessionId, SessionOrder),
    /// Remove what arrived of a transfer.
    DiscardIncoming(TransferId),
    /// Remove what is left of a landing whose outcome is remembered.
    CloseLanding(TransferId),
}

/// What a peer's connection shall do.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionOrder {
    /// This is a contact; listen to it.
    Admit,
    /// Answer with a refusal and close.
    Refuse(Failure),
    /// Say that the offer is stored.
    Record,
    /// Say yes and take the bytes.
    Accept(Taking),
    /// Say yes, but not now.
    Wait,
    /// Say no.
    Deny(Untrusted<String>),
    /// Say that it is paused.
    Pause,
    /// Say that it is off.
    Cancel(Untrusted<String>),
    /// Say that everything is in place.
    Receipt {
        /// SHA-256 of the sender's completion.
        completion: [u8; 32],
        /// What was accepted of the offer.
        items: Selection,
        /// When it was in place.
        at: UnixMillis,
    },
    /// Close without a word: another connection has taken over.
    Drop,
}
