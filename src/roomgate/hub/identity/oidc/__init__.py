"""Single sign-on by OpenID Connect: who a configured provider says somebody is, and that it signed them out."""
