//! A folder with a CA, agents and fronts in it. The only place that knows where what lies.

use std::path::{Path, PathBuf};

use airhatch_wire::control::ContactView;

use crate::process::{all_below, end_all_below};
use crate::{Agent, Authority, Front, HostilePeer, TinyDisk};

/// A CA and whoever lives with it. Dropping it ends and removes everything.
pub struct World {
    // Before the folder: a program ends before its files go.
    /// The CA.
    pub authority: Authority,
    folder: Folder,
}

struct Folder(tempfile::TempDir);

impl Drop for Folder {
    fn drop(&mut self) {
        end_all_below(self.0.path());
    }
}

impl World {
    /// A world whose CA takes anybody.
    pub async fn new() -> Self {
        Self::with_policy("open").await
    }

    /// A world whose CA has this enrolment policy.
    pub async fn with_policy(policy: &str) -> Self {
        // Short, for socket paths.
        let folder = Folder(tempfile::Builder::new().prefix("ah-").tempdir().unwrap());
        let authority = Authority::start(folder.0.path(), policy).await;
        Self { authority, folder }
    }

    /// An account with its agent, logged in.
    pub async fn agent(&self, email: &str) -> Agent {
        self.agent_with(email, &[]).await
    }

    /// An account with its agent, logged in, started with more options.
    pub async fn agent_with(&self, email: &str, options: &[&str]) -> Agent {
        let agent = self.newcomer_with(email, options).await;
        agent.enroll().await.unwrap();
        agent
    }

    /// An agent without an account.
    pub async fn newcomer(&self, email: &str) -> Agent {
        self.newcomer_with(email, &[]).await
    }

    /// An agent without an account, started with more options.
    pub async fn newcomer_with(&self, email: &str, options: &[&str]) -> Agent {
        Agent::start(self.path(), &self.authority, email, options).await
    }

    /// Two accounts that are contacts of each other.
    pub async fn friends(&self) -> (Agent, Agent) {
        let (ann, bob) = tokio::join!(self.agent("ann@example.org"), self.agent("bob@example.org"));
        befriend(&ann, &bob).await;
        (ann, bob)
    }

    /// A registered account without an agent, played by the test.
    pub async fn hostile(&self, email: &str) -> HostilePeer {
        HostilePeer::register(&self.authority, email).await
    }

    /// A registered account played by the test, contact of `victim`, which is contact of it.
    pub async fn hostile_friend(&self, email: &str, victim: &Agent) -> HostilePeer {
        let hostile = self.hostile(email).await;
        victim.add(&hostile.email).await.unwrap();
        hostile
    }

    /// A user's `airhatch` with a home of its own.
    #[must_use]
    pub fn front(&self, name: &str) -> Front {
        Front::new(self.folder_for(&format!("front-{name}")))
    }

    /// Two users of this machine with an account each, contacts of each other.
    pub async fn front_friends(&self) -> (Front, Front) {
        let (ann, bob) = (self.front("ann"), self.front("bob"));
        tokio::join!(
            ann.settle(&self.authority, "ann@example.org"),
            bob.settle(&self.authority, "bob@example.org")
        );
        ann.ok(&["contact", "add", "bob@example.org"]).await;
        bob.ok(&["contact", "add", "ann@example.org"]).await;
        (ann, bob)
    }

    /// A file system of a few megabytes; `None` (said visibly) where only root may have one and we are not.
    #[must_use]
    pub fn tiny_disk(&self, megabytes: u32) -> Option<TinyDisk> {
        TinyDisk::mount(&self.folder_for("tiny"), megabytes)
    }

    /// The folder of everything.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.0.path()
    }

    /// Makes a folder for a test's own use.
    #[must_use]
    pub fn folder_for(&self, name: &str) -> PathBuf {
        let folder = self.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// The arguments and environment of all processes that belong to a folder of this world now.
    #[must_use]
    pub fn words_of(&self, folder: &Path) -> String {
        let read = |pid: &rustix::process::Pid| {
            let file = |name: &str| std::fs::read(format!("/proc/{}/{name}", pid.as_raw_pid()));
            // A process that has ended meanwhile says nothing.
            [file("cmdline"), file("environ")].map(Result::unwrap_or_default).concat()
        };
        String::from_utf8_lossy(&all_below(folder).iter().flat_map(read).collect::<Vec<u8>>()).into_owned()
    }

    /// How many processes belong to a folder of this world now.
    #[must_use]
    pub fn processes_of(&self, folder: &Path) -> usize {
        all_below(folder).len()
    }
}

/// Makes two accounts contacts of each other.
pub async fn befriend(one: &Agent, other: &Agent) -> (ContactView, ContactView) {
    let (theirs, ours) = tokio::join!(one.add(&other.email), other.add(&one.email));
    (theirs.unwrap(), ours.unwrap())
}
