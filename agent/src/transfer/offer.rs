//! Statements about a transfer: made and signed here for our own, judged here for a contact's.

use std::sync::Arc;

use airhatch_trust::{AccountCertificate, IdentityKey, PublicKey, open_statement, seal_statement, sha256};
use airhatch_wire::control::NOTE_LIMIT;
use airhatch_wire::peer::{Answer, Completion, ITEMS_LIMIT, Item, ItemHash, Offer, Receipt, Selection};
use airhatch_wire::signed::{Signed, Verb};
use airhatch_wire::{Code, Email, Failure, StageId, TransferId, UnixMillis, Untrusted};

use super::table;
use crate::hub::Draft;
use crate::names;

/// How far a contact's clock may be ahead of ours: 10 minutes, milliseconds.
const SKEW: u64 = 10 * 60_000;

/// The longest an offer may stand: 90 days, milliseconds.
const LONGEST: u64 = 90 * 24 * 3_600_000;

/// Who a connection has proven the other side to be.
#[derive(Clone, Debug)]
pub struct Author {
    /// The account.
    pub email: Email,
    /// Its identity key.
    pub key: PublicKey,
}

impl From<&AccountCertificate> for Author {
    fn from(certificate: &AccountCertificate) -> Self {
        Self { email: certificate.email().clone(), key: certificate.identity() }
    }
}

/// What goes into an offer of our own.
pub struct Plan {
    /// The sender.
    pub from: Email,
    /// The recipient.
    pub to: Email,
    /// Where the files lie.
    pub stage: StageId,
    /// A line for the recipient.
    pub note: String,
    /// Now.
    pub created: UnixMillis,
    /// The end of the offer.
    pub expires: UnixMillis,
}

/// Makes and signs an offer of these items, under a fresh id.
///
/// # Errors
/// [`Code::Internal`] when the system gives no randomness or OpenSSL fails; [`Code::TooLarge`].
pub fn draft(key: &IdentityKey, plan: Plan, items: Vec<Item>) -> Result<Draft, Failure> {
    let count = u32::try_from(items.len()).ok().filter(|count| *count <= ITEMS_LIMIT);
    let count = count.ok_or_else(|| Failure::new(Code::TooLarge, "more files than one offer may hold"))?;
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(internal)?;
    let offer = Offer {
        transfer: TransferId(id),
        from: plan.from,
        to: plan.to,
        created: plan.created,
        expires: plan.expires,
        note: Untrusted::new(plan.note),
        items: count,
        total: items.iter().map(|item| item.size).sum(),
        table: table::digest(&items).map_err(internal)?,
    };
    let signed = seal_statement(key, Verb::Offer, &offer).map_err(internal)?;
    Ok(Draft { offer, signed, items: Arc::from(items), stage: plan.stage })
}

/// Judges an offer by what it says itself: who signed it, for whom, when, how much.
///
/// # Errors
/// The reason, fit to be sent back.
pub fn judge(signed: &Signed, from: &Author, to: &Email, now: UnixMillis) -> Result<Offer, Failure> {
    let offer: Offer = open_statement(&from.key, Verb::Offer, signed).map_err(unproven)?;
    let refuse = |code, text: &str| Err(Failure::new(code, text));
    if offer.from != from.email {
        return refuse(
            Code::VerificationFailed,
            "the offer names another sender than this connection proves",
        );
    }
    if offer.to != *to {
        return refuse(Code::VerificationFailed, "the offer is for somebody else");
    }
    if offer.created > now.plus(SKEW) {
        let ahead = offer.created.since(now) / 60_000;
        let text =
            format!("the offer was made {ahead} minutes in the future: one of the two clocks is wrong");
        return Err(Failure::new(Code::Invalid, text).hint("set the clock and send it again"));
    }
    if offer.expires <= now {
        return refuse(Code::Expired, "the offer expired before it arrived");
    }
    if offer.expires.since(offer.created) > LONGEST || offer.expires <= offer.created {
        return refuse(Code::Invalid, "the offer stands longer than 90 days");
    }
    if offer.note.as_received().len() > NOTE_LIMIT {
        return refuse(Code::TooLarge, "the note is too long");
    }
    if offer.items == 0 || offer.items > ITEMS_LIMIT {
        return refuse(Code::TooLarge, "the offer holds no items, or too many");
    }
    Ok(offer)
}

/// Judges a table against the offer that binds it.
///
/// # Errors
/// The reason, fit to be sent back.
pub fn judge_table(offer: &Offer, items: &[Item]) -> Result<(), Failure> {
    if table::digest(items).map_err(internal)? != offer.table {
        return Err(Failure::new(
            Code::VerificationFailed,
            "the table of files is not the one that was signed",
        ));
    }
    names::check_table(items, offer.total).map_err(|refused| {
        let failure = Failure::from(refused);
        let hint = if failure.code == Code::BadName { "rename the file and send it again" } else { "" };
        failure.hint(hint)
    })
}

/// Our yes to these items of an offer, signed: their content from `offset` on is to come.
///
/// # Errors
/// [`Code::Internal`].
pub fn accept(
    key: &IdentityKey,
    offer: &Signed,
    transfer: TransferId,
    items: Selection,
    offset: u64,
) -> Result<Signed, Failure> {
    let offer = sha256(&offer.body);
    let answer = Answer { transfer, offer, items, offset, reason: Untrusted::default() };
    seal_statement(key, Verb::Accept, &answer).map_err(internal)
}

/// Our no to an offer, signed.
///
/// # Errors
/// [`Code::Internal`].
pub fn deny(
    key: &IdentityKey,
    offer: &Signed,
    transfer: TransferId,
    reason: Untrusted<String>,
) -> Result<Signed, Failure> {
    let offer = sha256(&offer.body);
    let answer = Answer { transfer, offer, items: Selection::All, offset: 0, reason };
    seal_statement(key, Verb::Deny, &answer).map_err(internal)
}

/// Judges a recipient's decision about our offer of these items.
///
/// # Errors
/// [`Code::VerificationFailed`]; [`Code::Invalid`] for a part that there is not.
pub fn judge_answer(
    signed: &Signed,
    verb: Verb,
    by: &Author,
    offer: &Signed,
    transfer: TransferId,
    items: &[Item],
) -> Result<Answer, Failure> {
    let answer: Answer = open_statement(&by.key, verb, signed).map_err(unproven)?;
    if answer.transfer != transfer || answer.offer != sha256(&offer.body) {
        return Err(Failure::new(Code::VerificationFailed, "the decision is about another offer"));
    }
    judge_selection(&answer.items, items)?;
    let total: u64 = answer.items.pick(items).map(|item| item.size).sum();
    // Whatever a recipient claims to have within the content is its own loss: it can only complete what it really has.
    if answer.offset > total {
        return Err(Failure::new(Code::Invalid, "the recipient claims to hold more than there is"));
    }
    Ok(answer)
}

/// A selection that somebody else made of our table.
fn judge_selection(wanted: &Selection, items: &[Item]) -> Result<(), Failure> {
    wanted.check(u32::try_from(items.len()).map_err(internal)?).map_err(|error| {
        Failure::new(
            Code::Invalid,
            format!("the recipient wants a part that the offer does not have: {error}"),
        )
    })
}

/// Our statement of what was sent.
///
/// # Errors
/// [`Code::Internal`].
pub fn completion(
    key: &IdentityKey,
    offer: &Signed,
    transfer: TransferId,
    hashes: &[ItemHash],
) -> Result<Signed, Failure> {
    let completion = Completion {
        transfer,
        offer: sha256(&offer.body),
        items: u32::try_from(hashes.len()).map_err(internal)?,
        table: table::digest(hashes).map_err(internal)?,
    };
    seal_statement(key, Verb::Done, &completion).map_err(internal)
}

/// Judges a sender's statement of what was sent.
///
/// # Errors
/// [`Code::VerificationFailed`].
pub fn judge_completion(
    signed: &Signed,
    by: &Author,
    offer: &Signed,
    expected: &Offer,
    wanted: &Selection,
) -> Result<Completion, Failure> {
    let completion: Completion = open_statement(&by.key, Verb::Done, signed).map_err(unproven)?;
    let ours = completion.transfer == expected.transfer
        && completion.offer == sha256(&offer.body)
        && completion.items == wanted.count(expected.items);
    if ours {
        Ok(completion)
    } else {
        Err(Failure::new(Code::VerificationFailed, "the completion is about another offer"))
    }
}

/// Judges the hashes against the completion that binds them.
///
/// # Errors
/// [`Code::VerificationFailed`].
pub fn judge_hashes(completion: &Completion, hashes: &[ItemHash]) -> Result<(), Failure> {
    if table::digest(hashes).map_err(internal)? == completion.table {
        return Ok(());
    }
    Err(Failure::new(Code::VerificationFailed, "the list of hashes is not the one that was signed"))
}

/// Our receipt.
///
/// # Errors
/// [`Code::Internal`].
pub fn receipt(
    key: &IdentityKey,
    transfer: TransferId,
    offer: &Signed,
    completion: [u8; 32],
    items: Selection,
    at: UnixMillis,
) -> Result<Signed, Failure> {
    let receipt = Receipt { transfer, offer: sha256(&offer.body), completion, items, at };
    seal_statement(key, Verb::Receipt, &receipt).map_err(internal)
}

/// Which items a receipt is about, before it is judged: what was sent of them is to be stated for that.
///
/// # Errors
/// [`Code::VerificationFailed`]; [`Code::Invalid`].
pub fn receipted_items(signed: &Signed, by: &Author, items: &[Item]) -> Result<Selection, Failure> {
    let receipt: Receipt = open_statement(&by.key, Verb::Receipt, signed).map_err(unproven)?;
    judge_selection(&receipt.items, items)?;
    Ok(receipt.items)
}

/// Judges a recipient's receipt for these items against the statement of what was sent.
///
/// # Errors
/// [`Code::VerificationFailed`].
pub fn judge_receipt(
    signed: &Signed,
    by: &Author,
    offer: &Signed,
    transfer: TransferId,
    completion: &Signed,
    wanted: &Selection,
) -> Result<UnixMillis, Failure> {
    let receipt: Receipt = open_statement(&by.key, Verb::Receipt, signed).map_err(unproven)?;
    let same = receipt.completion == sha256(&completion.body);
    let same = same && receipt.items == *wanted;
    if receipt.transfer != transfer || receipt.offer != sha256(&offer.body) || !same {
        return Err(Failure::new(Code::VerificationFailed, "the receipt is about another transfer"));
    }
    Ok(receipt.at)
}

pub(crate) fn internal(error: impl std::fmt::Display) -> Failure {
    Failure::new(Code::Internal, error.to_string()).hint("the agent's log says more")
}

fn unproven(error: impl std::fmt::Display) -> Failure {
    Failure::new(Code::VerificationFailed, error.to_string())
}

#[cfg(test)]
mod tests;
