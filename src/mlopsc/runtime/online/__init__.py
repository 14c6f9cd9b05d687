"""The online store: the values of timed views by entity, for requests that cannot wait for a join.

What is stored of a view is what the point-in-time join would give each entity at one instant, together with all that
reading needs to know: keys, types, `ttl`, the instant. `state` is that; `codec` writes values as JSON and reads them
back exactly; `sqlite` and `redis` keep them; `reading` answers a request;
`deriving` adds what functions make of each row of the answer.
"""
