"""The OpenAPI 3.1 document of the REST interface, made of what validates its requests.

schemas    JSON Schemas of payloads and records, by pydantic
calls      one call: parameters, body, answers, errors, links
document   all of them      examples   names and ids that exist at the moment
reading    the same for the page at /docs
"""
