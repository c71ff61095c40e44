//! The network side between agents: calling contacts, being called, knowing who is there.
//!
//! [`Surroundings`] is what every task of an open account shares. A task reports to the hub by [`Surroundings::report`]
//! and gets its orders over a channel of its own; it decides nothing that needs memory.

pub mod dial;
pub mod listen;
pub mod presence;
pub mod session;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use airhatch_trust::CertificateError;
use airhatch_trust::tls::TlsError;
use airhatch_wire::frame::FrameError;
use airhatch_wire::link::Link;
use airhatch_wire::peer::{ITEMS_LIMIT, PeerWord};
use airhatch_wire::{Code, Failure, StageId};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio_openssl::SslStream;

use crate::hub::Input;
use crate::keys::Unlocked;
use crate::transfer::pace::Paces;
use crate::transfer::turns::Turns;

/// A conversation with another agent.
pub type PeerLink = Link<SslStream<TcpStream>, PeerWord, PeerWord>;

/// How long a connection may take from the first packet to the end of the handshakes.
pub const CONNECT_TIME: Duration = Duration::from_secs(10);

/// How long a peer may be silent where it owes a word.
pub const WORD_TIME: Duration = Duration::from_secs(20);

/// How often a waiting side asks whether the other is still there, and how long it waits for anything at all.
pub const KEEPALIVE: Duration = Duration::from_secs(25);

/// Three keepalives without a sign of life end a connection.
pub const SILENCE: Duration = Duration::from_secs(75);

/// What every task of an open account shares.
pub struct Surroundings {
    /// The account.
    pub unlocked: Arc<Unlocked>,
    /// Where received files go.
    pub inbox: PathBuf,
    /// Where staged files lie.
    pub outbox: PathBuf,
    /// Where dropped files lie while they are sent.
    pub dropped: Option<PathBuf>,
    /// To the hub.
    pub inputs: mpsc::Sender<Input>,
    /// Bounds how many contacts are dialled at once.
    pub dials: Semaphore,
    /// Bounds how many large tables of files are taken at once.
    pub tables: Semaphore,
    /// Whose turn it is with what arrives.
    pub turns: Turns,
    /// How fast bytes may move.
    pub paces: Paces,
}

impl Surroundings {
    /// The folder that holds this stage: the outbox, or the drop folder's own.
    #[must_use]
    pub fn holder_of(&self, stage: StageId) -> PathBuf {
        let dropped = self.dropped.as_ref().filter(|dropped| dropped.join(stage.to_string()).is_dir());
        dropped.unwrap_or(&self.outbox).clone()
    }

    /// Tells the hub. When the hub is gone the account is closing, and nobody needs to know.
    pub async fn report(&self, input: Input) {
        let _closing = self.inputs.send(input).await;
    }
}

/// The first word of each side.
#[must_use]
pub const fn hello() -> PeerWord {
    PeerWord::Hello { items: ITEMS_LIMIT }
}

/// A TLS session that did not come to be, as a person should read it.
#[must_use]
pub fn tls_failure(error: &TlsError) -> Failure {
    let (code, hint) = match error {
        TlsError::OtherKey(_) => {
            (Code::KeyChanged, "ask them over another channel before you trust the new key")
        }
        TlsError::Certificate(CertificateError::Expired) => {
            (Code::CertificateExpired, "their agent renews it when it next reaches the CA; try later")
        }
        TlsError::Certificate(CertificateError::NotYetValid) => {
            (Code::VerificationFailed, "one of the two clocks is wrong; set them and try again")
        }
        TlsError::Certificate(CertificateError::WrongIssuer | CertificateError::BadSignature) => {
            (Code::VerificationFailed, "their certificate is from another CA than yours")
        }
        TlsError::Certificate(_) | TlsError::NoCertificate => {
            (Code::VerificationFailed, "something else than their agent answers at this address")
        }
        TlsError::WrongAuthority { .. } => {
            (Code::WrongAuthority, "compare the fingerprint with the person who runs the CA")
        }
        TlsError::Refused => (Code::NotPermitted, "your certificate may be expired or revoked; log in again"),
        TlsError::Handshake(_) | TlsError::Protocol => {
            (Code::PeerOffline, "something else may answer at this address; try again later")
        }
        TlsError::KeyMismatch | TlsError::Crypto(_) => (Code::Internal, "the agent's log says more"),
    };
    Failure::new(code, error.to_string()).hint(hint)
}

/// A conversation that broke, as a person should read it.
#[must_use]
pub fn frame_failure(error: &FrameError) -> Failure {
    let code = match error {
        FrameError::Io(_) => Code::PeerOffline,
        FrameError::TooLarge { .. } => Code::TooLarge,
        FrameError::Unreadable | FrameError::NotThisProtocol { .. } => Code::UnknownMessage,
        FrameError::Version { .. } => Code::UnknownVersion,
        FrameError::Silence => Code::TimedOut,
    };
    let hint = match code {
        Code::UnknownVersion => "update the older of the two programs",
        Code::PeerOffline | Code::TimedOut => "try again later",
        _ => "the other side may run a damaged or foreign program",
    };
    Failure::new(code, error.to_string()).hint(hint)
}

/// True when trying again later may help.
#[must_use]
pub const fn may_pass(code: Code) -> bool {
    matches!(
        code,
        Code::PeerOffline
            | Code::TimedOut
            | Code::TryAgain
            | Code::AuthorityUnreachable
            | Code::CertificateExpired
            | Code::NotFound
    )
}
