"""The own web pages of a pretended device: a sign-in and a home page, in a design that is nobody's."""

from html import escape

_SIGN_IN = """<!doctype html>
<html lang="en">
<head>
<title>Pretended Board</title>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{margin:0;font:16px/1.5 system-ui,sans-serif;background:#12343b;color:#0b1c20;display:grid;min-height:100vh;place-items:center}
section{background:#f3efe6;width:26rem;border-top:1rem solid #e08e45;padding:1.5rem}
header{display:flex;gap:1rem;align-items:center}
label,input,select{display:block;width:100%;box-sizing:border-box}
input,select{padding:.5rem;margin:.25rem 0 1rem;border:1px solid #12343b}
fieldset{border:0;padding:0}fieldset input,fieldset label{display:inline;width:auto}
button{background:#12343b;color:#fff;border:0;padding:.6rem 1.4rem}
</style>
</head>
<body>
<section>
<header>
<svg width="48" height="48" viewBox="0 0 48 48" role="img" aria-label="Pretended Board"><rect width="48" height="30" y="6" fill="#12343b"/><circle cx="24" cy="21" r="9" fill="#e08e45"/><path d="M16 36h16v6H16z" fill="#12343b"/></svg>
<div><h1>Pretended Board</h1><p>Local accounts of this device</p></div>
</header>
<form method="post" action="/web/signin" autocomplete="on">
<label for="language">Language</label>
<select id="language" name="language"><option value="en">English</option><option value="fr">Français</option><option value="de">Deutsch</option></select>
<label for="username">Device account</label>
<input id="username" name="username" autocomplete="username" required>
<label for="passphrase">Passphrase</label>
<input id="passphrase" name="passphrase" type="password" autocomplete="current-password" required>
<fieldset><input id="keep" name="keep" type="checkbox"><label for="keep">Stay signed in on this screen</label></fieldset>
<button type="submit">Open this device</button>
</form>
<footer><ul><li><a href="/web/licences">Licences</a></li><li><a href="/web/about">About this device</a></li></ul><small>A pretended device. It opens no real room.</small></footer>
</section>
</body>
</html>
"""
_HOME = """<!doctype html>
<html lang="en">
<head>
<title>{name}, this device</title>
<meta charset="utf-8">
</head>
<body>
<header><b>{name}</b><nav><a href="/web/">Home</a> <a href="/web/users">Users</a></nav></header>
<main>
<h1>This device</h1>
<dl>
<dt>Product</dt><dd>Pretended Board</dd>
<dt>Serial number</dt><dd>{serial}</dd>
<dt>Software</dt><dd>Pretended 1.0</dd>
<dt>Microphones</dt><dd>On</dd>
</dl>
<form method="post" action="/web/restart"><button type="submit">Restart</button></form>
</main>
<footer>A pretended device. It opens no real room.</footer>
</body>
</html>
"""


def show(path: str, name: str, serial: str) -> str:
    """The page at this path; empty where there is none."""
    if path == "/web/signin":
        return _SIGN_IN
    return _HOME.format(name=escape(name), serial=escape(serial)) if path == "/web/" else ""
