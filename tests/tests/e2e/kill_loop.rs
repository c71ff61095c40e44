//! Agents and the CA killed at any moment, again and again: whatever was offered is delivered, once, with its receipt.
//!
//! `AIRHATCH_KILL_SEED` repeats a run, `AIRHATCH_KILL_FROM` its end from a round on, `AIRHATCH_KILL_ROUNDS` makes it longer.
//! The seed gives what is sent, who is killed and when; how far the programs are by then is up to the machine, so that a
//! run tells what it has met.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use airhatch_tests::{Agent, Dice, World, befriend, eventually, in_time, set_or};
use airhatch_wire::control::{Command, Policy, Reply, TransferState, TransferView};
use airhatch_wire::{StageId, TransferId};
use tokio::time::Instant;

/// Enough for every run of all tests; a long set is asked for.
const ROUNDS: u64 = 12;

/// One in so many rounds sends a big file, in a long set.
const BIG: u64 = 25;

/// About how long two programs take to find each other again.
const MEETING: Duration = Duration::from_millis(800);

/// Who is killed.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Sender,
    Recipient,
    Both,
    /// The CA, and a recipient that has to find its way without it.
    AuthorityAndRecipient,
    Authority,
}

const VICTIMS: [Victim; 8] = [
    Victim::Sender,
    Victim::Sender,
    Victim::Recipient,
    Victim::Recipient,
    Victim::Recipient,
    Victim::Both,
    Victim::AuthorityAndRecipient,
    Victim::Authority,
];

/// A sender, a recipient that accepts by policy, and what the rounds have met.
struct Pit {
    ann: Agent,
    bob: Agent,
    world: World,
    dice: Dice,
    /// How long a small transfer takes when nobody is killed, and a mebibyte more.
    small: Duration,
    mebibyte: Duration,
    met: BTreeMap<String, u32>,
}

impl Pit {
    async fn new(dice: Dice) -> Self {
        let world = World::new().await;
        let (ann, bob) = tokio::join!(world.agent("ann@example.org"), world.agent("bob@example.org"));
        befriend(&ann, &bob).await;
        bob.verify(&ann.email).await;
        bob.policy(Policy::Verified { max_bytes: u64::MAX }).await;
        let (small, mebibyte) = (Duration::ZERO, Duration::ZERO);
        let mut pit = Self { ann, bob, world, dice, small, mebibyte, met: BTreeMap::new() };
        pit.small = pit.unharmed("small", 1).await;
        pit.mebibyte = pit.unharmed("larger", 8 << 20).await.saturating_sub(pit.small) / 8;
        pit
    }

    /// One transfer without harm; how long it takes.
    async fn unharmed(&mut self, name: &str, size: u64) -> Duration {
        let content = self.dice.bytes(size);
        let start = Instant::now();
        let id = self.ann.offer(&self.bob.email, &[(name, &content)]).await;
        tokio::join!(self.ann.delivered(id), self.bob.delivered(id));
        start.elapsed()
    }

    async fn round(&mut self, number: u64, long: bool) {
        let mut dice = self.dice.part(number);
        let files = files(&mut dice, number, long);
        let total: usize = files.iter().map(|(_, content)| content.len()).sum();
        let whole = self.small + self.mebibyte.mul_f64(total as f64 / f64::from(1 << 20));
        let named: Vec<(&str, &[u8])> = files.iter().map(|(name, content)| (&**name, &**content)).collect();
        let stage = self.ann.stage(&named);
        for kill in 0..=dice.below(3) {
            let victim = dice.pick(&VICTIMS);
            // Those who came back find each other within a moment.
            let span = whole.mul_f64(1.2) + if kill == 0 { Duration::ZERO } else { MEETING };
            let after = span.mul_f64(dice.below(1 << 20) as f64 / f64::from(1 << 20));
            self.strike(stage, victim, after).await;
        }
        let id = self.offered(stage).await;
        self.ends_well(id, &files).await;
        fs::remove_dir_all(self.ann.stage_folder(stage)).unwrap();
    }

    /// Sends what is staged where that was not done yet, and kills somebody so long after.
    async fn strike(&mut self, stage: StageId, victim: Victim, after: Duration) {
        let deadline = Instant::now() + after;
        let offering = async {
            if self.of(stage).await.is_none() {
                // Whoever hears this question may be killed before the answer.
                let _killed = self.ann.send(&self.bob.email, stage).await;
            }
            // Nothing is waited for but the moment: until the deadline, which the dice gave.
            tokio::time::sleep_until(deadline).await;
        };
        if matches!(victim, Victim::Recipient | Victim::Authority) {
            in_time("an offer", offering).await;
        } else {
            // Together with the question.
            let _unheard = tokio::time::timeout_at(deadline, offering).await;
        }
        match victim {
            Victim::Sender => self.ann.kill().await,
            Victim::Recipient => self.bob.kill().await,
            Victim::Both => {
                tokio::join!(self.ann.kill(), self.bob.kill());
            }
            Victim::Authority => self.world.authority.stop(),
            Victim::AuthorityAndRecipient => {
                self.world.authority.stop();
                tokio::join!(self.ann.kill(), self.bob.kill());
            }
        }
        match victim {
            Victim::Sender => self.ann.resume().await,
            Victim::Recipient => self.bob.resume().await,
            Victim::Both | Victim::AuthorityAndRecipient => {
                tokio::join!(self.ann.resume(), self.bob.resume());
            }
            Victim::Authority => {}
        }
        let found = self.bob.transfers().await.into_iter().next();
        let found = found.filter(|_| !matches!(victim, Victim::Authority));
        if let Some(view) = found {
            let state = format!("{:?}", view.state);
            let name = state.split([' ', '{', '(']).next().unwrap_or_default();
            *self.met.entry(name.to_owned()).or_default() += 1;
        }
        if matches!(victim, Victim::Authority | Victim::AuthorityAndRecipient) {
            self.world.authority.start_again().await;
        }
    }

    async fn of(&self, stage: StageId) -> Option<TransferView> {
        self.ann.transfers().await.into_iter().find(|view| view.stage == Some(stage))
    }

    /// The transfer of this stage, sent now if all that came before was lost with its sender.
    async fn offered(&self, stage: StageId) -> TransferId {
        match self.of(stage).await {
            Some(view) => view.id,
            None => self.ann.send(&self.bob.email, stage).await.unwrap().id,
        }
    }

    /// Delivered on both sides, once, with every byte and a receipt that holds; nothing else is left of it.
    async fn ends_well(&self, id: TransferId, files: &[(String, Vec<u8>)]) {
        eventually("the offer or its end", async || {
            let view = self.bob.transfers().await.into_iter().find(|view| view.id == id)?;
            if view.state == TransferState::Offered {
                // Its recorder was killed before the policy was asked: a person decides.
                self.bob.accept(id).await.unwrap();
            }
            Some(())
        })
        .await;
        tokio::join!(self.ann.delivered(id), self.bob.delivered(id));
        let tops: BTreeSet<&str> = files.iter().map(|(name, _)| name.split('/').next().unwrap()).collect();
        let tops: Vec<&str> = tops.into_iter().collect();
        assert_eq!(self.bob.received_names(), tops, "each file and folder once, under its own name");
        for (name, content) in files {
            assert!(self.bob.received(name) == *content, "other bytes arrived as {name}");
            fs::remove_file(self.bob.inbox().join(name)).unwrap();
        }
        // Only folders are left, and nothing in them but folders.
        for top in tops {
            assert!(files_below(&self.bob.inbox().join(top)).is_empty(), "more than was sent is in {top}");
            let _gone = fs::remove_dir_all(self.bob.inbox().join(top));
        }
        self.bob.has_no_leftovers().await;
        self.is_proved(id).await;
        for agent in [&self.ann, &self.bob] {
            assert_eq!(agent.transfers().await.len(), 1, "one offer, one transfer");
            agent.ask(Command::Forget { transfer: id }).await.unwrap();
        }
    }

    /// The sender has a receipt that the recipient finds right; both remember the delivery.
    async fn is_proved(&self, id: TransferId) {
        let Reply::ReceiptFile(file) = self.ann.ask(Command::ExportReceipt { transfer: id }).await.unwrap()
        else {
            panic!("no receipt")
        };
        let check = Command::CheckReceipt { file, authority: None };
        let Reply::Receipt(findings) = self.bob.ask(check).await.unwrap() else { panic!("no findings") };
        assert_eq!(findings.faults, [], "the receipt holds");
        for agent in [&self.ann, &self.bob] {
            let history = agent.ask(Command::History { with: None, after: None }).await.unwrap();
            let Reply::History(past) = history else { panic!("{history:?}") };
            let ends: Vec<_> = past.iter().filter(|past| past.id == id).map(|past| &past.outcome).collect();
            assert!(matches!(ends[..], [TransferState::Delivered { .. }]), "{}: {ends:?}", agent.email);
        }
    }
}

/// A few files of one byte up to a few mebibytes, beside each other or in folders; now and then a big one.
fn files(dice: &mut Dice, number: u64, long: bool) -> Vec<(String, Vec<u8>)> {
    if long && dice.once_in(BIG) {
        return vec![(format!("{number}-big"), dice.bytes(256 << 20))];
    }
    let count = 1 + dice.sized(30);
    let largest = if count > 4 { 1 << 19 } else { 4 << 20 };
    let in_folders = dice.once_in(2);
    let file = |n| {
        let size = 1 + dice.sized(largest);
        let name =
            if in_folders { format!("{number}-tree/{}/{n:02}", n % 3) } else { format!("{number}-{n:02}") };
        (name, dice.bytes(size))
    };
    (0..count).map(file).collect()
}

/// Every file in a folder and the folders below it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { vec![entry.path()] })
        .collect()
}

#[tokio::test]
async fn whoever_is_killed_at_whatever_moment_everything_arrives_once() {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = set_or("AIRHATCH_KILL_SEED", u64::from(since.subsec_nanos()));
    let rounds = set_or("AIRHATCH_KILL_ROUNDS", ROUNDS);
    let from = set_or("AIRHATCH_KILL_FROM", 0);
    eprintln!("AIRHATCH_KILL_SEED={seed} AIRHATCH_KILL_ROUNDS={rounds}");
    let start = Instant::now();
    let mut pit = Pit::new(Dice::new(seed)).await;
    eprintln!("a small transfer takes {:?}, a mebibyte {:?}", pit.small, pit.mebibyte);
    for name in ["small", "larger"] {
        fs::remove_file(pit.bob.inbox().join(name)).unwrap();
    }
    for view in pit.ann.transfers().await {
        let command = || Command::Forget { transfer: view.id };
        tokio::try_join!(pit.ann.ask(command()), pit.bob.ask(command())).unwrap();
    }
    for number in from..rounds {
        eprintln!("round {number}, after {:?}", start.elapsed());
        pit.round(number, rounds > ROUNDS).await;
    }
    eprintln!(
        "{} rounds in {:?}; the recipient was found with {:?}",
        rounds - from,
        start.elapsed(),
        pit.met
    );
}
