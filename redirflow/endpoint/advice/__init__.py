"""Advice: what the source of functions does, against what they declare.

Read by `redirflow check` and in `dev`, never while serving. It is advice: only what can be decided
from the text is told, and what can't is left alone, for a check that cries wolf is switched off.

    source    a function's lines, and what the names in them mean
    signals   what an expression makes: a redirect, a reroute, an error, a response
    guards    what may keep an exception in
    asking    where `url_for` is asked for a location
    flow      which lines are reached, and what of it leaves the function
    aim       what `.to(...)` and `url_for(...)` mean
    going     redirects and reroutes, against where they may go
    quiet     whether a function runs no code but its own lines
    unsent    what is declared, though no line sends it
    hearing   all functions of an app, each before its judge
"""
