"""Sites and their connectors: enrolment, confirmation, disabling."""
