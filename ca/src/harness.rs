//! For tests only: a CA in a temporary folder, and people who use it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use airhatch_seal::{Identity, unseal_small};
use airhatch_trust::{AccountCertificate, IdentityKey, certificate_request};
use airhatch_wire::authority::{Enrolment, FromAuthority, NONCE, ToAuthority, removal_body};
use airhatch_wire::signed::{Signature, Verb};
use airhatch_wire::{Blob, Code, Email, UnixMillis};
use tempfile::TempDir;

use crate::authority::{Authority, Conversation};
use crate::issue::Issuer;
use crate::store::Store;

pub(crate) const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
pub(crate) const MINUTE: u64 = 60_000;
pub(crate) const DAY: u64 = 24 * 60 * MINUTE;

/// A CA of the same key and certificate each time, on the store in `home`.
pub(crate) fn authority_in(home: &TempDir, enrolment: Enrolment, founded: UnixMillis) -> Authority {
    let key = IdentityKey::from_seed(&[1; 32]).unwrap();
    let root = Issuer::found(&key, "Test CA", founded).unwrap();
    Authority::new(key, root, Store::open(&home.path().join("store")).unwrap(), enrolment).unwrap()
}

pub(crate) fn authority(enrolment: Enrolment) -> (TempDir, Authority) {
    let home = tempfile::tempdir().unwrap();
    let authority = authority_in(&home, enrolment, NOW);
    (home, authority)
}

pub(crate) fn email(text: &str) -> Email {
    text.parse().unwrap()
}

/// Somebody with keys, and perhaps an account.
pub(crate) struct Person {
    pub(crate) email: Email,
    pub(crate) key: IdentityKey,
    pub(crate) seal: Identity,
    pub(crate) certificate: Option<AccountCertificate>,
}

impl Person {
    pub(crate) fn new(name: &str, seed: u8) -> Self {
        Self {
            email: email(name),
            key: IdentityKey::from_seed(&[seed; 32]).unwrap(),
            seal: Identity::hybrid_from_seed([seed; 32]).unwrap(),
            certificate: None,
        }
    }

    pub(crate) fn registered(authority: &Authority, name: &str, seed: u8) -> Self {
        let mut person = Self::new(name, seed);
        person.register(authority, NOW);
        person
    }

    pub(crate) fn begin(&self) -> ToAuthority {
        let recipient = Blob::from(self.seal.recipient().to_bytes());
        ToAuthority::RegisterBegin { email: self.email.clone(), recipient }
    }

    pub(crate) fn open(&self, answer: FromAuthority) -> Blob {
        match answer {
            FromAuthority::Sealed(sealed) => {
                Blob::from(unseal_small(&self.seal, &sealed, NONCE).unwrap().to_vec())
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn request(&self) -> Blob {
        Blob::from(certificate_request(&self.key, &self.email).unwrap())
    }

    pub(crate) fn finish(&self, nonce: Blob, code: Option<String>) -> ToAuthority {
        ToAuthority::RegisterFinish { nonce, request: self.request(), code }
    }

    pub(crate) fn register(&mut self, authority: &Authority, now: UnixMillis) {
        let mut conversation = stranger();
        let nonce = self.open(authority.handle(now, &mut conversation, self.begin()));
        let answer = authority.handle(now, &mut conversation, self.finish(nonce, None));
        self.certificate = Some(certificate(answer));
    }

    pub(crate) fn certificate(&self) -> &AccountCertificate {
        self.certificate.as_ref().unwrap()
    }

    /// A connection of this account.
    pub(crate) fn conversation(&self) -> Conversation {
        Conversation::new(self.certificate.clone(), [7; 32])
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, authority: &Authority, now: UnixMillis, request: ToAuthority) -> FromAuthority {
        authority.handle(now, &mut self.conversation(), request)
    }

    /// The right answer to a removal's nonce on [`Person::conversation`].
    pub(crate) fn removal(&self, nonce: &[u8; NONCE], exporter: &[u8; 32]) -> Signature {
        self.key.sign(Verb::Remove, &removal_body(nonce, &self.email, exporter)).unwrap()
    }

    pub(crate) fn remove(&self, authority: &Authority, now: UnixMillis) {
        let mut conversation = self.conversation();
        let nonce = removal_nonce(authority.handle(now, &mut conversation, ToAuthority::RemoveBegin));
        let signature = self.removal(&nonce, &[7; 32]);
        let answer = authority.handle(now, &mut conversation, ToAuthority::RemoveFinish { signature });
        assert_eq!(answer, FromAuthority::Done);
    }
}

/// A connection without a certificate.
pub(crate) fn stranger() -> Conversation {
    Conversation::new(None, [7; 32])
}

pub(crate) fn certificate(answer: FromAuthority) -> AccountCertificate {
    match answer {
        FromAuthority::Certificate(der) => AccountCertificate::parse(&der).unwrap(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn removal_nonce(answer: FromAuthority) -> [u8; NONCE] {
    match answer {
        FromAuthority::Nonce(nonce) => nonce,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn refusal(answer: FromAuthority) -> Code {
    match answer {
        FromAuthority::Refused(failure) => failure.code,
        other => panic!("not refused: {other:?}"),
    }
}
