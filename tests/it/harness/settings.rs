//! The configuration of a test, as the text of a file.

/// What stands in a `paced.toml` beside the tenant's address.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    platform: String,
    defaults: String,
    policies: String,
    campaigns: String,
}

impl Settings {
    /// One campaign, `1`, of 20 agents, under the policy `fixed`, which keeps this ratio whatever the callers do.
    pub(crate) fn fixed(ratio: f64) -> Self {
        let tolerant = Self::default().default_of("max_abandonment = 1.0");
        tolerant.policy(&format!("[policies.fixed.params]\nratio = {ratio:?}")).one("policy = \"fixed\"")
    }

    /// One campaign, `1`, of 20 agents, under the default policy.
    pub(crate) fn proportional() -> Self {
        Self::default().one("")
    }

    fn one(self, settings: &str) -> Self {
        self.campaign("1", 20, settings)
    }

    /// A further line of `[platform]`.
    pub(crate) fn platform(mut self, line: &str) -> Self {
        self.platform += &format!("{line}\n");
        self
    }

    /// A further line of `[defaults]`.
    pub(crate) fn default_of(mut self, line: &str) -> Self {
        self.defaults += &format!("{line}\n");
        self
    }

    /// A further table of policies.
    pub(crate) fn policy(mut self, table: &str) -> Self {
        self.policies += &format!("{table}\n");
        self
    }

    /// A further campaign, with lines of its own.
    pub(crate) fn campaign(mut self, id: &str, agents: u32, lines: &str) -> Self {
        self.campaigns += &format!("[[campaigns]]\nid = \"{id}\"\ntotal_agents = {agents}\n{lines}\n");
        self
    }

    /// The file's text.
    pub(crate) fn text(&self, base_url: &str) -> String {
        let Self { platform, defaults, policies, campaigns } = self;
        format!(
            "data_dir = \"data\"\n[platform]\nbase_url = \"{base_url}\"\nclient_id = \"demo\"\n{platform}\
             [defaults]\n{defaults}{policies}{campaigns}"
        )
    }
}
