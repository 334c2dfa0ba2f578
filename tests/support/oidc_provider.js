// npm's oidc-provider over TLS, with its own pages for signing in. What it is to be comes as JSON in its first argument.
const fs = require('node:fs');
const https = require('node:https');

const asked = JSON.parse(process.argv[2]);

async function main() {
  const { Provider } = await import(require.resolve('oidc-provider'));
  const provider = new Provider(asked.issuer, {
    clients: [asked.client],
    jwks: { keys: [asked.key] },
    cookies: { keys: ['a key for the cookies of a test'] },
    claims: { openid: ['sub', 'acr', 'amr'], profile: ['preferred_username', 'groups'] },
    conformIdTokenClaims: false, // groups into the ID token itself
    features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    pkce: { required: () => true },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, groups: asked.groups[id] || [] }),
    }),
    // It refuses to ask addresses of this very machine, where the test's hub is.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  });
  const say = (event, facts) => process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);
  provider.on('backchannel.success', (_, client, sub) => say('logout.told', { sub }));
  provider.on('backchannel.error', (_, error) => say('logout.failed', { error: String(error) }));
  provider.on('server_error', (_, error) => say('failed', { error: String(error && error.stack) }));
  const tls = { key: fs.readFileSync(asked.pem), cert: fs.readFileSync(asked.pem) };
  https.createServer(tls, provider.callback()).listen(asked.port, '127.0.0.1', () => say('ready', {}));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
