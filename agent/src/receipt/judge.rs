//! Whether a receipt holds: every reason against it, not only the first, so that a person can tell a wrong CA from a
//! forged statement. Revocation is not judged: nothing is asked of anybody.

use airhatch_trust::{AccountCertificate, AuthorityCertificate, CertificateError, PublicKey, sha256};
use airhatch_wire::control::{ITEMS_LISTED, ReceiptFindings};
use airhatch_wire::peer::{Completion, Offer, Receipt};
use airhatch_wire::signed::{Signed, Verb};
use airhatch_wire::{Fingerprint, UnixMillis, Untrusted};

use super::file::{ReceiptFile, Unreadable};
use crate::hub::listed;
use crate::transfer::table;

/// How far two honest clocks may differ: 10 minutes, milliseconds.
const SKEW: u64 = 10 * 60_000;

/// The reasons found so far.
#[derive(Default)]
struct Faults(Vec<Untrusted<String>>);

impl Faults {
    fn unless(&mut self, holds: bool, fault: impl Into<String>) {
        if !holds {
            self.0.push(Untrusted::new(fault.into()));
        }
    }
}

/// Everything that the file says, read and not believed.
struct Said {
    offer: Offer,
    completion: Completion,
    receipt: Receipt,
    sender: AccountCertificate,
    recipient: AccountCertificate,
    authority: AuthorityCertificate,
}

impl Said {
    fn read(file: &ReceiptFile) -> Result<Self, Unreadable> {
        let bad = |whose| move |error: CertificateError| Unreadable::Certificate { whose, error };
        Ok(Self {
            offer: file.offer.read()?,
            completion: file.completion.read()?,
            receipt: file.receipt.read()?,
            sender: AccountCertificate::parse(&file.sender).map_err(bad("the sender's certificate"))?,
            recipient: AccountCertificate::parse(&file.recipient)
                .map_err(bad("the recipient's certificate"))?,
            authority: AuthorityCertificate::parse(&file.authority)
                .map_err(bad("the CA's own certificate"))?,
        })
    }
}

/// What a receipt file says, and every reason why it does not hold.
pub(super) fn judge(
    file: &ReceiptFile,
    trusted: Option<Fingerprint>,
    now: UnixMillis,
) -> Result<ReceiptFindings, Unreadable> {
    let said = Said::read(file)?;
    let mut faults = Faults::default();
    judge_authority(&mut faults, &said, trusted);
    judge_people(&mut faults, &said);
    judge_signatures(&mut faults, &said, file);
    judge_bonds(&mut faults, &said, file)?;
    judge_times(&mut faults, &said, now);
    let Said { offer, receipt, recipient, authority, .. } = said;
    let mut items = listed(&file.items, ITEMS_LISTED);
    items.iter_mut().zip(0..).for_each(|(item, index)| item.wanted = receipt.items.holds(index));
    // Without its table, what a part of an offer comes to is not known.
    let total = if file.items.is_empty() {
        offer.total
    } else {
        receipt.items.pick(&file.items).fold(0, |sum: u64, item| sum.saturating_add(item.size))
    };
    Ok(ReceiptFindings {
        transfer: receipt.transfer,
        sender: offer.from,
        recipient: offer.to,
        recipient_key: recipient.identity().fingerprint(),
        authority: authority.fingerprint(),
        compared: trusted.is_some(),
        note: offer.note,
        items,
        item_count: offer.items,
        total,
        created: offer.created,
        received: receipt.at,
        faults: faults.0,
    })
}

fn judge_authority(faults: &mut Faults, said: &Said, trusted: Option<Fingerprint>) {
    let Some(trusted) = trusted else { return };
    let shown = said.authority.fingerprint();
    let text = format!("it rests on another CA than the one you trust: its fingerprint is {shown}");
    faults.unless(shown == trusted, text);
}

fn judge_people(faults: &mut Faults, said: &Said) {
    let Said { offer, receipt, sender, recipient, authority, .. } = said;
    let text = "the recipient's certificate is somebody else's than the offer's recipient";
    faults.unless(*recipient.email() == offer.to, text);
    faults.unless(
        *sender.email() == offer.from,
        "the sender's certificate is somebody else's than the offer's sender",
    );
    if let Err(error) = recipient.verify(authority, receipt.at) {
        let text = format!("the recipient's certificate did not hold when the receipt was signed: {error}");
        faults.unless(false, text);
    }
    // Renewed since, for the same key: only who certified it matters.
    if let Err(error) = sender.verify(authority, sender.not_before()) {
        faults.unless(false, format!("the sender's certificate does not hold: {error}"));
    }
}

fn judge_signatures(faults: &mut Faults, said: &Said, file: &ReceiptFile) {
    let holds = |key: PublicKey, verb, signed: &Signed| key.verify(verb, &signed.body, &signed.signature);
    let (sender, recipient) = (said.sender.identity(), said.recipient.identity());
    let signatures = [
        ("the recipient's signature on the receipt", holds(recipient, Verb::Receipt, &file.receipt)),
        ("the sender's signature on the offer", holds(sender, Verb::Offer, &file.offer)),
        ("the sender's signature on what was sent", holds(sender, Verb::Done, &file.completion)),
    ];
    for (whose, outcome) in signatures {
        faults.unless(outcome.is_ok(), format!("{whose} does not match"));
    }
}

fn judge_bonds(faults: &mut Faults, said: &Said, file: &ReceiptFile) -> Result<(), Unreadable> {
    let Said { offer, completion, receipt, .. } = said;
    let of_offer = sha256(&file.offer.body);
    let about = receipt.offer == of_offer && receipt.transfer == offer.transfer;
    faults.unless(about, "the receipt is for another offer");
    let sent = receipt.completion == sha256(&file.completion.body);
    faults.unless(sent, "the receipt is for other content than what was sent");
    let same = completion.offer == of_offer
        && completion.transfer == offer.transfer
        && receipt.items.check(offer.items).is_ok()
        && completion.items == receipt.items.count(offer.items);
    faults.unless(same, "what was sent belongs to another offer");
    let table = file.items.is_empty() || table::digest(&file.items)? == offer.table;
    faults.unless(table, "the list of files is not the one that was signed");
    Ok(())
}

fn judge_times(faults: &mut Faults, said: &Said, now: UnixMillis) {
    let at = said.receipt.at;
    faults.unless(at.plus(SKEW) >= said.offer.created, "the receipt is older than the offer");
    let text = "the receipt was signed in the future: one of the two clocks is wrong";
    faults.unless(at <= now.plus(SKEW), text);
}
