"""Sign-in pages in many designs, all made up here: a device's own, ordinary ones of others, and copies of the first."""

DEVICE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Panorama Board – local access</title>
<link rel="stylesheet" href="/static/panorama.9f2c.css"><script src="/static/panorama-boot.js"></script>
<style>
body{margin:0;font:16px/1.4 sans-serif;background:#20303c;color:#fff}
.pano-shell{display:grid;grid-template-columns:1fr 420px;min-height:100vh}
.pano-scene{background:linear-gradient(160deg,#2c5d7c,#10202a);padding:60px}
.pano-gate{background:#fff;color:#222;padding:60px 40px}
.pano-gate input{display:block;width:100%;height:40px;margin:6px 0 18px}
.pano-go{background:#1d7b5f;color:#fff;border:0;height:44px;width:100%}
</style></head>
<body class="pano"><div class="pano-shell">
<section class="pano-scene"><svg class="pano-mark" width="80" height="60" viewBox="0 0 80 60"><path d="M4 50 L22 18 L40 44 L56 26 L76 50 Z" fill="#fff"/></svg>
<h1>Panorama Board</h1><p>This board is looked after on its own network.</p>
<ul class="pano-facts"><li>Software <b>Pano 11.4</b></li><li>Serial ends in <b>4711</b></li></ul></section>
<section class="pano-gate"><h2>Open the board</h2>
<form id="panoGate" method="post" action="/web/signin">
<label for="pano-user">Board account</label><input id="pano-user" name="boardAccount" autocomplete="username">
<label for="pano-phrase">Board passphrase</label><input id="pano-phrase" name="boardPhrase" type="password">
<label class="pano-stay"><input type="checkbox" name="stayOpen"> Leave it open on this computer</label>
<select name="boardLanguage"><option>English</option><option>Deutsch</option></select>
<button class="pano-go">Open the board</button></form>
<p class="pano-aid"><a href="/web/aid">I cannot get in</a></p>
<footer>Panorama Works, boards since 1998</footer></section>
</div></body></html>"""


def _page(title: str, body: str, style: str = "") -> str:
    return f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title><style>{style}</style></head><body>{body}</body></html>"


_PLAIN = (
    '<form method="post"><label for="user">User</label><input id="user" name="user">'
    '<label for="password">Password</label><input id="password" name="password" type="password">'
    "<button>Sign in</button></form>"
)

ORDINARY = {
    "three elements": _page(
        "Sign in",
        "<form method=post><input name=username><input type=password name=password><button>Log in</button></form>",
    ),
    "labels and a heading": _page("Login", f"<h1>Sign in</h1>{_PLAIN}"),
    "a card in the middle": _page(
        "Welcome",
        f'<div class="card"><h2>Welcome back</h2><p>Enter your account.</p>{_PLAIN}<a href="/forgot">Forgot password?</a></div>',
        "body{display:grid;place-items:center;min-height:100vh;background:#eee}.card{background:#fff;padding:40px;width:320px}",
    ),
    "a framework's form": _page(
        "Sign in",
        '<main class="form-signin w-100 m-auto"><form><img src="/logo.svg" alt="" width="72"><h1 class="h3 mb-3">Please sign in</h1>'
        '<div class="form-floating"><input type="email" class="form-control" id="floatingInput"><label for="floatingInput">Email address</label></div>'
        '<div class="form-floating"><input type="password" class="form-control" id="floatingPassword"><label>Password</label></div>'
        '<div class="checkbox mb-3"><label><input type="checkbox" value="remember-me"> Remember me</label></div>'
        '<button class="w-100 btn btn-lg btn-primary" type="submit">Sign in</button><p class="mt-5">© 2026</p></form></main>',
        "main{width:330px;margin:100px auto}input{display:block}",
    ),
    "two columns": _page(
        "Northlight Rooms",
        '<div class="split"><aside class="art"><h1>Northlight</h1><p>Rooms that work.</p><ul><li>See</li><li>Book</li></ul></aside>'
        f'<main class="gate"><h2>Come in</h2>{_PLAIN}<p><a href="/help">Help</a></p><footer>Northlight Ltd</footer></main></div>',
        "body{margin:0}.split{display:grid;grid-template-columns:1fr 420px;min-height:100vh}.art{background:#402a5c;color:#fff;padding:60px}.gate{padding:60px 40px}",
    ),
    "a table": _page(
        "Router",
        "<table><tr><td>Name</td><td><input name=n></td></tr><tr><td>Password</td><td><input type=password name=p></td></tr>"
        "<tr><td colspan=2><input type=submit value=OK></td></tr></table>",
    ),
    "with providers": _page(
        "Sign in to Tessera",
        "<h1>Tessera</h1><button>Continue with your company</button><button>Use a key</button><hr>"
        f"{_PLAIN}<details><summary>More ways</summary><p>Ask your administrator.</p></details><p>By signing in you agree.</p>",
    ),
    "with a language and a tick": _page(
        "Havn Portal",
        '<header><img src="/havn.png" alt="Havn"></header><form method="post" action="/session">'
        '<label for="e">E-mail</label><input id="e" name="email" type="email"><label for="p">Password</label>'
        '<input id="p" name="pass" type="password"><label><input type="checkbox" name="remember"> Remember me</label>'
        '<select name="lang"><option>English</option><option>Dansk</option></select><button>Log in</button></form>'
        "<footer>Havn A/S</footer>",
        "body{background:#fafafa;font-family:serif}form{width:300px;margin:40px auto}",
    ),
    "a script's own": _page(
        "Console",
        '<div id="root"><div class="css-1x2y3z"><div class="css-9a8b7c"><h1 class="css-77aa11">Console</h1><form class="css-00ff00">'
        '<div><div><input type="text" placeholder="Username"></div></div><div><div><input type="password" placeholder="Password"></div></div>'
        '<div><button type="submit"><span>Log in</span></button></div></form></div></div></div>',
        "#root{padding:10vh 30vw}",
    ),
    "of a meeting room vendor": _page(
        "RoomPilot connector",
        '<nav><a href="/">RoomPilot</a><a href="/docs">Manual</a></nav><main><h1>RoomPilot connector</h1>'
        "<p>This page belongs to RoomPilot, not to your device. Use your RoomPilot account.</p>"
        '<form method="post" action="/login"><p><label>Account <input name="pilot" autocomplete="username"></label></p>'
        '<p><label>Password <input name="secret" type="password"></label></p><p><button>Enter</button></p></form></main>'
        "<footer><p>RoomPilot GmbH</p></footer>",
    ),
}

COPIES = {
    "with another title": DEVICE.replace("Panorama Board – local access", "Sign in"),
    "in other colours": DEVICE.replace("#2c5d7c", "#7c2c5d")
    .replace("#20303c", "#fff")
    .replace("#1d7b5f", "#b3261e")
    .replace("420px", "380px"),
    "with its attributes in another order": DEVICE.replace(
        '<input id="pano-user" name="boardAccount" autocomplete="username">',
        '<input autocomplete="username" name="boardAccount" id="pano-user">',
    ).replace(
        '<form id="panoGate" method="post" action="/web/signin">',
        '<form action="/d/7f3a91/signin" method="post" id="panoGate">',
    ),
    "in another container": DEVICE.replace(
        '<body class="pano">', '<body><div id="vendor"><div class="wrap"><section>'
    ).replace("</body>", "</section></div><p>Served by a connector</p></div></body>"),
    "with other words": DEVICE.replace("Panorama Board", "Your device")
    .replace("Open the board", "Sign in")
    .replace("Board account", "User")
    .replace("Board passphrase", "Password")
    .replace("This board is looked after on its own network.", "Please sign in.")
    .replace("I cannot get in", "Help")
    .replace("Leave it open on this computer", "Remember me")
    .replace("Panorama Works, boards since 1998", "A vendor"),
    "with other names and ids": DEVICE.replace("pano-", "x-")
    .replace("panoGate", "gate")
    .replace("boardAccount", "user")
    .replace("boardPhrase", "password"),
}
